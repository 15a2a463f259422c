// Enters outcomes, commands and snapshots into the ledger, and removes sources that have gone.

import { hasOwnPolicy } from '../kopia/cli/policies.ts'
import type { FinishedAttempt } from '../kopia/runs/outcome.ts'
import { type EndedRun, hasSucceeded } from '../kopia/runs/run.ts'
import { formatSource, parseSource, type Source } from '../kopia/source.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Log } from '../util/log.ts'
import type { SnapshotsAnswer } from './repository-queries.ts'

type LedgerEntriesOptions = {
  readonly ledger: Ledger
  /** Which sources are reported, by user, host and path. */
  readonly isWanted: (source: Source) => boolean
  readonly nowSeconds: () => number
  readonly log: Log
}

export type LedgerEntries = {
  /** Whether a wanted source is neither in the answer nor in the known policies: its policy may be new. */
  readonly isUnknown: (source: Source, answer: SnapshotsAnswer) => boolean
  readonly enterAttempt: (finished: FinishedAttempt, answer: SnapshotsAnswer) => void
  readonly enterCommand: (runId: string, run: EndedRun, finished: readonly FinishedAttempt[]) => void
  /** Enters what the repository holds. The `busy` sources, by `user@host:path`, are left to their attempts. */
  readonly enterSnapshots: (answer: SnapshotsAnswer, busy: ReadonlySet<string>) => void
  /** Removes the sources that have neither a snapshot nor a policy, and are not running. */
  readonly removeGoneSources: (answer: SnapshotsAnswer, running: ReadonlySet<string>) => void
}

/** Binds the entries to the ledger. */
export function createLedgerEntries(options: LedgerEntriesOptions): LedgerEntries {
  const { ledger, isWanted, log } = options
  return {
    isUnknown: (source, answer) => isWanted(source) && !belongsHere(ledger, source, answer),
    enterAttempt: (finished, answer) => {
      if (isWanted(finished.source)) enterAttempt(options, finished, answer)
    },
    enterCommand: (runId, run, finished) => enterCommand(ledger, log, runId, run, finished),
    enterSnapshots: (answer, busy) => {
      if (answer.kind !== 'snapshots') return
      for (const [name, snapshots] of answer.bySource) {
        const source = parseSource(name)
        if (source === undefined || !isWanted(source) || busy.has(name)) continue
        ledger.addSnapshots(source, snapshots, answer.question)
      }
    },
    removeGoneSources: (answer, running) => removeGoneSources(options, answer, running),
  }
}

function enterAttempt(
  { ledger, nowSeconds, log }: LedgerEntriesOptions,
  finished: FinishedAttempt,
  answer: SnapshotsAnswer,
): void {
  const { source, outcome, durationSeconds } = finished
  if (!belongsHere(ledger, source, answer)) {
    ledger.removeSource(source)
    log.info(
      `${formatSource(source)}: not counted, since this repository has neither a snapshot nor a policy of it.`,
    )
    return
  }
  ledger.addFinished(finished, nowSeconds())
  if (ledger.isCounted(finished.endedAt))
    log.info(`${formatSource(source)}: ${outcome} after ${durationSeconds.toFixed(3)} s.`)
}

/** Repositories can share a log directory: a source belongs to this one by its snapshots, its policy or its past. */
function belongsHere(ledger: Ledger, source: Source, answer: SnapshotsAnswer): boolean {
  const known = ledger.sources.get(formatSource(source))
  if (known?.lastAttempt !== undefined || answer.kind !== 'snapshots') return true
  if (answer.bySource.has(formatSource(source))) return true
  return hasOwnPolicy(ledger.repository.policies ?? [], source)
}

function enterCommand(
  ledger: Ledger,
  log: Log,
  runId: string,
  run: EndedRun,
  finished: readonly FinishedAttempt[],
): void {
  // Hooks do not name the command, and a server's end says nothing about its snapshots.
  if (Object.keys(run.readBytes).length === 0 || run.command === 'server-start') return
  const command = run.command.replace('-', ' ')
  const isGood = hasSucceeded(run) && finished.every(({ outcome }) => outcome === 'success')
  const reason = isGood ? undefined : (run.evidence.finalError ?? 'its log stops')
  ledger.addCommand(command, run.endedAt, reason)
  if (reason === undefined || !ledger.isCounted(run.endedAt)) return
  log.warn(`kopia ${command} (${runId}) failed: ${reason}`)
}

function removeGoneSources(
  { ledger, isWanted, log }: LedgerEntriesOptions,
  answer: SnapshotsAnswer,
  running: ReadonlySet<string>,
): void {
  const { policies } = ledger.repository
  if (answer.kind !== 'snapshots' || policies === undefined) return
  for (const [name, { source }] of ledger.sources) {
    const isThere = answer.bySource.has(name) || hasOwnPolicy(policies, source) || running.has(name)
    if (isThere && isWanted(source)) continue
    if (ledger.wasAskedSince(source, answer.question)) continue
    ledger.removeSource(source)
    log.info(`${name}: no longer reported, since neither a snapshot nor a policy of it is left.`)
  }
}
