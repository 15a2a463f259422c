// Enters how Kopia's commands ended as a whole.

import type { FinishedAttempt } from '../kopia/runs/finished-attempt.ts'
import { commandReason } from '../kopia/runs/reason.ts'
import { type EndedRun, hasSucceeded, type OpenRun } from '../kopia/runs/run.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Log } from '../util/log.ts'

export type CommandEntries = {
  /** Enters a failure that the log shows, before it is known how the attempts of the run went. Returns whether it is new. */
  readonly enterFailure: (runId: string, run: EndedRun) => boolean
  readonly enterEnd: (runId: string, run: EndedRun, finished: readonly FinishedAttempt[]) => void
  /** A server that has opened its repository works. */
  readonly enterRunningServer: (runId: string, run: OpenRun) => void
  /** Forgets the runs that are settled. */
  readonly retain: (runIds: ReadonlySet<string>) => void
}

/** Binds the entries to the ledger. */
export function createCommandEntries(ledger: Ledger, log: Log): CommandEntries {
  const entered = new Set<string>()
  let hasReportedEmpty = false

  function enterFailure(runId: string, run: EndedRun): boolean {
    if (entered.has(runId) || !namesCommand(run) || hasSucceeded(run)) return false
    const { finalError, newestRecordAt } = run.evidence
    const process = run.isSilent ? 'unseen' : 'gone'
    const logStop = newestRecordAt === undefined ? undefined : ({ at: newestRecordAt, process } as const)
    enter(runId, run, commandReason({ finalError, logStop }))
    return true
  }

  function enterEnd(runId: string, run: EndedRun, finished: readonly FinishedAttempt[]): void {
    enterFailure(runId, run)
    if (entered.has(runId) || !namesCommand(run)) return
    if (isEmpty(run)) {
      reportEmpty(runId)
      return
    }
    const bad = finished.find(({ outcome }) => outcome !== 'success')
    enter(runId, run, bad && (bad.reason ?? 'an attempt made no complete backup'))
  }

  /** It shows nothing of the end, so the command is neither good nor bad. */
  function reportEmpty(runId: string): void {
    if (hasReportedEmpty) return
    hasReportedEmpty = true
    log.warn(
      `Kopia's log of ${runId} is empty, so a failed backup can't be seen: the disk of the logs is full, or Kopia runs with ` +
        '--file-log-level=warning or higher. Free space there, and let Kopia log at level info or debug.',
    )
  }

  function enter(runId: string, run: EndedRun, reason: string | undefined): void {
    const command = commandOf(run)
    entered.add(runId)
    ledger.addCommand(command, run.endedAt, reason)
    if (reason === undefined || !ledger.isCounted(run.endedAt)) return
    log.warn(`kopia ${command} (${runId}) failed: ${reason}`)
  }

  return {
    enterFailure,
    enterEnd,
    enterRunningServer: (runId, run) => {
      if (run.command !== 'server-start' || run.preview.repository !== 'opened' || entered.has(runId)) return
      // Its end is entered by itself.
      ledger.addCommand(commandOf(run), run.preview.newestRecordAt ?? run.lastSignAt)
    },
    retain: (runIds) => {
      for (const runId of entered) if (!runIds.has(runId)) entered.delete(runId)
    },
  }
}

/** Hooks do not name the command. */
function namesCommand(run: EndedRun): boolean {
  return Object.keys(run.readBytes).length > 0
}

/** Whether the log of a backup has no records, or none that says anything: it proves nothing. */
export function isEmpty({ command, evidence, readBytes }: EndedRun): boolean {
  const bytes = Object.values(readBytes).reduce((sum, read) => sum + read, 0)
  return bytes === 0 || (command === 'snapshot-create' && evidence.newestRecordAt === undefined)
}

function commandOf({ command }: Pick<OpenRun, 'command'>): string {
  return command.replace('-', ' ')
}
