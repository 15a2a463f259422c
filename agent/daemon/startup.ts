// The start: what ends from now on is counted, then the past is read and settled.

import type { RunTracker } from '../kopia/runs/tracker.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Reconciler } from '../reconcile/reconciler.ts'
import type { RepositoryQueries } from '../reconcile/repository-queries.ts'
import type { Ingest } from './ingest.ts'
import { noteUptime, type UptimeOptions } from './note-uptime.ts'
import type { Publisher } from './publisher.ts'
import type { Refresher } from './refresher.ts'
import { pause } from './timers.ts'
import type { VerificationIntake } from './verification-intake.ts'
import type { Verifier } from './verifier.ts'

export type Startup = {
  /** From now on ended attempts are counted. The moment is on the disk, so that a crash loses nothing. */
  readonly begin: () => Promise<void>
  /** Reads and settles what the ledger does not hold yet. Returns early where the signal is aborted. */
  readonly catchUp: (signal: AbortSignal) => Promise<void>
}

export type StartupOptions = UptimeOptions & {
  readonly ledger: Pick<Ledger, 'isCounted' | 'begin' | 'endPast' | 'noteUpToDate'>
  readonly tracker: Pick<RunTracker, 'hasJustWritten'>
  readonly ingest: Pick<Ingest, 'readEverything'>
  readonly refresher: Pick<Refresher, 'noteOtherChanges'>
  readonly repositoryQueries: Pick<RepositoryQueries, 'refreshIdentity' | 'isReachable'>
  readonly reconciler: Pick<Reconciler, 'refreshSnapshots'>
  readonly publisher: Pick<Publisher, 'save'>
  readonly verifier: Pick<Verifier, 'begin'>
  readonly verifications: Pick<VerificationIntake, 'take'>
  /** Everything that happened before the start is in the ledger. */
  readonly onUpToDate: () => void
  /** Settles what is new. */
  readonly look: () => Promise<void>
}

/** A backup right before the start may be about to end. Another that cannot be seen may write for hours. */
const longestWaitMs = 2000
const waitIntervalMs = 25

/** Creates the start of an agent, for `run` and for `push`. */
export function createStartup(options: StartupOptions): Startup {
  const { ledger, refresher, repositoryQueries, reconciler, publisher, look, nowSeconds } = options

  async function begin(): Promise<void> {
    noteUptime(options)
    await options.verifier.begin()
    if (ledger.isCounted(nowSeconds())) return
    ledger.begin(nowSeconds())
    await publisher.save()
  }

  async function catchUp(signal: AbortSignal): Promise<void> {
    await refresher.noteOtherChanges()
    await readUntilQuiet(options, signal)
    // The next start reads on from here.
    if (signal.aborted) return
    await repositoryQueries.refreshIdentity()
    await reconciler.refreshSnapshots()
    if (signal.aborted) return
    // What only the repository can settle belongs to the past, too.
    if (repositoryQueries.isReachable()) ledger.endPast()
    await options.verifications.take()
    ledger.noteUpToDate(nowSeconds())
    await publisher.save()
    options.onUpToDate()
    // Runs may have ended while Kopia answered.
    await look()
  }

  return { begin, catchUp }
}

/** Bounded by a count of pauses, not by the clock, which may be set meanwhile. */
async function readUntilQuiet({ ingest, tracker }: StartupOptions, signal: AbortSignal): Promise<void> {
  await ingest.readEverything(signal)
  for (let waitedMs = 0; waitedMs < longestWaitMs && tracker.hasJustWritten(); waitedMs += waitIntervalMs) {
    if (signal.aborted) return
    await pause(waitIntervalMs, signal)
    await ingest.readEverything(signal)
  }
}
