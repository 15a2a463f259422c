// Enters how Kopia's commands ended as a whole.

import type { FinishedAttempt } from '../kopia/runs/finished-attempt.ts'
import { commandReason } from '../kopia/runs/reason.ts'
import { type EndedRun, hasEmptyLog, hasSucceeded, type OpenRun, type Runs } from '../kopia/runs/run.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Log } from '../util/log.ts'

export type CommandEntries = {
  /** Enters a failure that the log shows, before it is known how the attempts of the run went. Returns whether it is new. */
  readonly enterFailure: (runId: string, run: EndedRun) => boolean
  readonly enterEnd: (runId: string, run: EndedRun, finished: readonly FinishedAttempt[]) => void
  /** A server that has opened its repository works. Returns whether one is new. */
  readonly enterRunningServers: (runs: Runs, isOurs: (run: OpenRun) => boolean) => boolean
  /** Forgets the runs that are settled. */
  readonly retain: (runIds: ReadonlySet<string>) => void
}

type CommandEntriesOptions = {
  readonly ledger: Ledger
  readonly nowSeconds: () => number
  readonly log: Log
}

/** Binds the entries to the ledger. */
export function createCommandEntries({ ledger, nowSeconds, log }: CommandEntriesOptions): CommandEntries {
  const entered = new Set<string>()
  const emptyLogs = createEmptyLogReport(ledger, log)

  function enterFailure(runId: string, run: EndedRun): boolean {
    const reason = entered.has(runId) || !namesCommand(run) ? undefined : failureOf(run)
    if (reason === undefined) return false
    enter(runId, run, reason)
    return true
  }

  function enterEnd(runId: string, run: EndedRun, finished: readonly FinishedAttempt[]): void {
    enterFailure(runId, run)
    if (entered.has(runId) || !namesCommand(run)) return
    if (isEmpty(run)) {
      emptyLogs.report(runId, run)
      return
    }
    emptyLogs.reset()
    const bad = isServer(run) ? undefined : finished.find(({ outcome }) => outcome !== 'success')
    enter(runId, run, bad && (bad.reason ?? incompleteWords))
  }

  function enter(runId: string, run: EndedRun, reason: string | undefined): void {
    const command = commandOf(run)
    entered.add(runId)
    ledger.addCommand(command, run.endedAt, reason, nowSeconds())
    if (reason === undefined || !ledger.isCounted(run.endedAt)) return
    log.warn(`kopia ${command} (${runId}) failed: ${reason}`)
  }

  /** The server before it is found gone a little later than this one has opened its repository. Its end is entered by itself. */
  function isNews(run: OpenRun): boolean {
    const { result, endedAt = 0 } = ledger.commands.get(commandOf(run)) ?? {}
    const isOfFuture = endedAt > nowSeconds()
    return result !== 'success' && (isOfFuture || newestSignOf(run) + restartSlackSeconds >= endedAt)
  }

  return {
    enterFailure,
    enterEnd,
    enterRunningServers: (runs, isOurs) => {
      const working = [...runs.values()].filter((run) => run.state === 'open')
      const news = working.filter((run) => isWorkingServer(run) && isOurs(run) && isNews(run))
      for (const run of news) ledger.addCommand(commandOf(run), newestSignOf(run))
      return news.length > 0
    },
    retain: (runIds) => {
      for (const runId of entered) if (!runIds.has(runId)) entered.delete(runId)
    },
  }
}

/** Looks at servers are less frequent than that. */
const restartSlackSeconds = 10

function newestSignOf({ preview, lastSignAt }: OpenRun): number {
  return preview.newestRecordAt ?? lastSignAt
}

/** Reports an empty log once, and again after a log with contents. */
function createEmptyLogReport(ledger: Ledger, log: Log) {
  let isReported = false
  return {
    reset: () => {
      isReported = false
    },
    report: (runId: string, run: EndedRun) => {
      if (isReported || !ledger.isCounted(run.endedAt)) return
      isReported = true
      log.warn(
        `kopia ${commandOf(run)} (${runId}) left an empty log, or one that tells nothing, so only the repository shows how it went. Look whether ` +
          "the disk of Kopia's logs is full, or its file log level above info.",
      )
    },
  }
}

const incompleteWords = 'an attempt made no complete backup'

/** A server fails where it can't go on: each of its attempts has an outcome of its own. */
function failureOf(run: EndedRun): string | undefined {
  const { finalError, newestRecordAt, repository } = run.evidence
  if (hasSucceeded(run)) return undefined
  if (finalError === undefined && repository !== 'opened') return isServer(run) ? undefined : incompleteWords
  const process = run.isSilent ? 'unseen' : 'gone'
  const logStop = newestRecordAt === undefined ? undefined : ({ at: newestRecordAt, process } as const)
  return commandReason({ finalError, logStop })
}

/** A client of another server, and `--no-trace-storage`, hide that the repository is open, but not the work on sources. */
function isWorkingServer(run: OpenRun): boolean {
  const { repository, attempts, queued = [] } = run.preview
  const hasWork = attempts.length + queued.length > 0 || run.lastSettled !== undefined
  return isServer(run) && (repository === 'opened' || hasWork)
}

function isServer({ command }: Pick<OpenRun, 'command'>): boolean {
  return command === 'server-start'
}

/** Hooks do not name the command. */
function namesCommand(run: EndedRun): boolean {
  return Object.keys(run.readBytes).length > 0
}

/** Whether the log of a command is empty, or that of a backup says nothing: it proves nothing. */
function isEmpty(run: EndedRun): boolean {
  return hasEmptyLog(run) || (run.command === 'snapshot-create' && run.evidence.newestRecordAt === undefined)
}

function commandOf({ command }: Pick<OpenRun, 'command'>): string {
  return command.replace('-', ' ')
}
