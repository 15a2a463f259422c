// What is known of one source, and what a finished attempt or a look into the repository changes of it.

import type { Snapshot } from '../kopia/cli/snapshots.ts'
import { attemptOf, type FinishedAttempt, type Outcome } from '../kopia/runs/outcome.ts'
import type { Source } from '../kopia/source.ts'
import { usualIntervalSeconds } from './median-interval.ts'
import { type RecentAttempts, unpacked, withAttempt, withoutNewest, withPast } from './recent-attempts.ts'
import { newestComplete, type SnapshotSummary, summarizeSnapshots } from './snapshot-summary.ts'

/** Times in Unix seconds, sizes in bytes. */
export type SourceState = {
  readonly source: Source
  readonly firstSeenAt: number
  /** Attempts since the ledger began. */
  readonly attempts: Readonly<Record<Outcome, number>>
  readonly consecutiveFailures: number
  readonly lastAttempt?: FinishedAttempt
  /** The newest snapshot that was counted though no log and no hook told of it yet. */
  readonly foundSnapshotId?: string
  readonly lastSuccessAt?: number
  readonly lastFailureAt?: number
  readonly held?: SnapshotSummary
  /** Undefined in a ledger from before there was a chart. */
  readonly recent?: RecentAttempts
}

/** A source that is new: its counters exist from now on, at 0. */
export function newSource(source: Source, nowSeconds: number): SourceState {
  return {
    source,
    firstSeenAt: nowSeconds,
    attempts: { success: 0, failed: 0, incomplete: 0 },
    consecutiveFailures: 0,
  }
}

/** With an attempt that has finished; what ended before the ledger began is not counted. */
export function withFinished(
  state: SourceState,
  finished: FinishedAttempt,
  counting: 'counted' | 'not counted',
  nowSeconds: number,
): SourceState {
  const isNew = counting === 'counted' && !isKnown(state, finished)
  const attempts = isNew ? countedIn(state.attempts, finished.outcome) : state.attempts
  const news = isOutdated(state, finished, nowSeconds) ? {} : newsOf(state, finished)
  const before = isKnown(state, finished) ? withoutNewest(recentOf(state)) : recentOf(state)
  return { ...state, ...news, attempts, recent: withAttempt(before, finished) }
}

/** With what the repository holds of it. */
export function withSnapshots(state: SourceState, snapshots: readonly Snapshot[]): SourceState {
  const past = state.lastAttempt === undefined ? pastOf(snapshots) : pastSuccessOf(state, snapshots)
  const recent = withPast(recentOf(state), knownBefore(state, snapshots))
  return { ...state, ...past, held: summarizeSnapshots(snapshots), recent }
}

/** How often it is backed up where most backups leave no snapshot, since nothing has changed. */
export function intervalOfSuccesses(state: SourceState): number | undefined {
  const successes = unpacked(recentOf(state)).filter(({ outcome }) => outcome === 'success')
  return usualIntervalSeconds(successes.map(({ endedAt }) => endedAt))
}

/** Snapshots later than the last attempt that was seen: made on other machines, or by a server that logs nothing. */
export function unknownSnapshots(
  { lastAttempt }: SourceState,
  snapshots: readonly Snapshot[],
  nowSeconds: number,
): readonly Snapshot[] {
  if (lastAttempt === undefined) return []
  return snapshots.filter(
    (snapshot) =>
      snapshot.id !== lastAttempt.snapshotId &&
      snapshot.incomplete !== 'checkpoint' &&
      snapshot.startedAt > lastAttempt.endedAt &&
      snapshot.startedAt <= nowSeconds,
  )
}

/** Of two runs at the same time the older may be settled last; a clock that was set back makes nothing older. */
function isOutdated({ lastAttempt }: SourceState, { endedAt }: FinishedAttempt, nowSeconds: number): boolean {
  return lastAttempt !== undefined && endedAt < lastAttempt.endedAt && lastAttempt.endedAt <= nowSeconds
}

/** What the newest attempt of a source changes. */
function newsOf(state: SourceState, finished: FinishedAttempt): Partial<SourceState> {
  const { outcome, endedAt } = finished
  const failures = isKnown(state, finished) ? state.consecutiveFailures : state.consecutiveFailures + 1
  return {
    lastAttempt: finished,
    ...(outcome === 'success'
      ? { lastSuccessAt: endedAt, consecutiveFailures: 0 }
      : { lastFailureAt: endedAt, consecutiveFailures: failures }),
  }
}

function countedIn(attempts: SourceState['attempts'], outcome: Outcome): SourceState['attempts'] {
  return { ...attempts, [outcome]: attempts[outcome] + 1 }
}

/** The snapshot was found in the repository before its log or hooks told of it: the same attempt, told better. */
function isKnown({ foundSnapshotId }: SourceState, { snapshotId }: FinishedAttempt): boolean {
  return snapshotId !== undefined && snapshotId === foundSnapshotId
}

/** A source whose attempts were never watched is judged by its newest snapshot. */
function pastOf(snapshots: readonly Snapshot[]): Partial<SourceState> {
  const newest = snapshots.findLast((snapshot) => snapshot.incomplete !== 'checkpoint')
  if (newest === undefined) return {}
  const lastSuccess = newestComplete(snapshots.filter((snapshot) => snapshot.fatalErrors === 0))
  const lastAttempt = attemptOf(newest)
  const hasFailed = lastAttempt.outcome !== 'success'
  return {
    lastAttempt,
    ...(hasFailed && { lastFailureAt: lastAttempt.endedAt, consecutiveFailures: 1 }),
    ...(lastSuccess && { lastSuccessAt: lastSuccess.endedAt }),
  }
}

/** Where nothing but failures was watched so far, the repository knows of a success before them. */
function pastSuccessOf(state: SourceState, snapshots: readonly Snapshot[]): Partial<SourceState> {
  const before = knownBefore(state, snapshots).filter((snapshot) => snapshot.fatalErrors === 0)
  const lastSuccess = state.lastSuccessAt === undefined ? newestComplete(before) : undefined
  return lastSuccess === undefined ? {} : { lastSuccessAt: lastSuccess.endedAt }
}

/** A ledger from before there was a chart knows the last attempt alone. */
function recentOf({ recent, lastAttempt }: SourceState): RecentAttempts {
  return recent ?? (lastAttempt === undefined ? [] : withAttempt([], lastAttempt))
}

/** Those that are not entered as attempts below. */
function knownBefore({ lastAttempt }: SourceState, snapshots: readonly Snapshot[]): readonly Snapshot[] {
  return snapshots.filter(
    (snapshot) => snapshot.startedAt <= (lastAttempt?.endedAt ?? Number.POSITIVE_INFINITY),
  )
}
