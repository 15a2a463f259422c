// The truth: what is known of each source and of the repository. Plain data in, plain data out.

import type { RepositoryStatus } from '../kopia/cli.ts'
import type { Snapshot } from '../kopia/snapshots.ts'
import { formatSource, type Source } from '../kopia/source.ts'
import type { Run, Runs } from '../kopia/tracked-run.ts'
import { type Finished, type Outcome, outcomeOf } from '../kopia/verdict.ts'
import { countSnapshots, newestComplete, type SnapshotCounts } from './held-snapshots.ts'

/** Times in Unix seconds, sizes in bytes. */
export type SourceState = {
  readonly source: Source
  readonly firstSeenAt: number
  /** Attempts since the ledger began. */
  readonly attempts: Readonly<Record<Outcome, number>>
  readonly lastAttempt?: Finished
  readonly lastSuccessAt?: number
  /** Of the newest complete snapshot. */
  readonly sizeBytes?: number
  readonly snapshotCounts?: SnapshotCounts
  /** When Kopia was asked for the snapshots that these last figures are of. */
  readonly snapshotsAskedAt?: number
}

export type RepositoryState = {
  readonly status?: RepositoryStatus
  readonly sizeBytes?: number
}

export type LedgerData = {
  readonly version: 1
  /** Unix seconds; undefined until all that lay there at the first start was read. What was before is not counted. */
  readonly begunAt?: number
  readonly sources: Readonly<Record<string, SourceState>>
  readonly repository: RepositoryState
  readonly runs: Readonly<Record<string, Run>>
}

export const emptyLedger: LedgerData = { version: 1, sources: {}, repository: {}, runs: {} }

export type Ledger = {
  readonly sources: ReadonlyMap<string, SourceState>
  readonly repository: RepositoryState
  /** Whether finished attempts are counted; what lay there at the very first start is not. */
  readonly isCounting: () => boolean
  readonly begin: (nowSeconds: number) => void
  /** A source that is new: its counters exist from now on, at 0. Returns whether it was new. */
  readonly addSource: (source: Source, nowSeconds: number) => boolean
  readonly addFinished: (finished: Finished, nowSeconds: number) => void
  /** What the repository holds of one source; an answer that an earlier question got does not replace a later one's. */
  readonly addSnapshots: (source: Source, snapshots: readonly Snapshot[], askedAt: number) => void
  readonly updateRepository: (change: RepositoryState) => void
  /** The whole as plain data, together with how far the runs were read: they are saved as one. */
  readonly toData: (runs: Runs) => LedgerData
}

/** Opens the ledger that `data` holds. */
export function createLedger(data: LedgerData): Ledger {
  const sources = new Map(Object.entries(data.sources))
  let { begunAt, repository } = data

  function ensureSource(source: Source, nowSeconds: number): SourceState {
    const known = sources.get(formatSource(source))
    if (known !== undefined) return known
    const state: SourceState = {
      source,
      firstSeenAt: nowSeconds,
      attempts: { success: 0, failed: 0, incomplete: 0 },
    }
    sources.set(formatSource(source), state)
    return state
  }

  function addFinished(finished: Finished, nowSeconds: number): void {
    const state = ensureSource(finished.source, nowSeconds)
    const counted = { ...state.attempts, [finished.outcome]: state.attempts[finished.outcome] + 1 }
    sources.set(formatSource(finished.source), {
      ...state,
      attempts: begunAt === undefined ? state.attempts : counted,
      lastAttempt: finished,
      ...(finished.outcome === 'success' && { lastSuccessAt: finished.endedAt }),
    })
  }

  function addSnapshots(source: Source, snapshots: readonly Snapshot[], askedAt: number): void {
    const state = ensureSource(source, askedAt)
    if ((state.snapshotsAskedAt ?? 0) > askedAt) return
    const newest = newestComplete(snapshots)
    sources.set(formatSource(source), {
      ...state,
      ...pastOf(state, snapshots),
      snapshotCounts: countSnapshots(snapshots),
      snapshotsAskedAt: askedAt,
      ...(newest && { sizeBytes: newest.sizeBytes }),
    })
  }

  return {
    sources,
    get repository() {
      return repository
    },
    isCounting: () => begunAt !== undefined,
    begin: (nowSeconds) => {
      begunAt ??= nowSeconds
    },
    addSource: (source, nowSeconds) => {
      const isNew = !sources.has(formatSource(source))
      ensureSource(source, nowSeconds)
      return isNew
    },
    addFinished,
    addSnapshots,
    updateRepository: (change) => {
      repository = { ...repository, ...change }
    },
    toData: (runs) => ({
      version: 1,
      ...(begunAt !== undefined && { begunAt }),
      sources: Object.fromEntries(sources),
      repository,
      runs: Object.fromEntries(runs),
    }),
  }
}

/** A source whose attempts were never watched is judged by its newest snapshot. */
function pastOf(state: SourceState, snapshots: readonly Snapshot[]): Partial<SourceState> {
  const newest = snapshots.findLast((snapshot) => snapshot.incomplete !== 'checkpoint')
  if (newest === undefined || state.lastAttempt !== undefined) return {}
  const lastSuccess = newestComplete(snapshots.filter((snapshot) => snapshot.fatalErrors === 0))
  return {
    lastAttempt: {
      source: state.source,
      outcome: outcomeOf(newest),
      startedAt: newest.startedAt,
      endedAt: newest.endedAt,
      durationSeconds: Math.max(0, newest.endedAt - newest.startedAt),
    },
    ...(lastSuccess && { lastSuccessAt: lastSuccess.endedAt }),
  }
}
