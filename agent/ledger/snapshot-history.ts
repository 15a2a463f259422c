// What the snapshots of a source tell of attempts that were not watched. Pure functions.

import { newestComplete, type Snapshot } from '../kopia/cli/snapshots.ts'
import { attemptOf, type FinishedAttempt } from '../kopia/runs/finished-attempt.ts'

/** What is known of a source by the attempts that were watched. */
type Watched = {
  readonly lastAttempt?: FinishedAttempt
  readonly lastSuccessAt?: number
  readonly lastSuccessStartedAt?: number
}

/** What the snapshots add to it. */
type Past = Watched & { readonly lastFailureAt?: number; readonly consecutiveFailures?: number }

/**
 * Snapshots later than the last known attempt: made on another machine, or by a process that logs nothing. Of a source
 * without one, those from after `begunAt`, when the agent first ran here. Times in Unix seconds.
 */
export function unknownSnapshots(
  { lastAttempt }: Watched,
  snapshots: readonly Snapshot[],
  nowSeconds: number,
  begunAt: number,
): readonly Snapshot[] {
  const knownUntil = lastAttempt?.endedAt ?? begunAt
  return snapshots.filter(
    (snapshot) =>
      snapshot.id !== lastAttempt?.snapshotId &&
      snapshot.incomplete !== 'checkpoint' &&
      snapshot.startedAt > knownUntil &&
      snapshot.startedAt <= nowSeconds,
  )
}

/** The last attempt of a source that was never watched: made from its newest snapshot. */
export function pastOf(snapshots: readonly Snapshot[]): Past {
  const newest = snapshots.findLast((snapshot) => snapshot.incomplete !== 'checkpoint')
  if (newest === undefined) return {}
  const lastSuccess = newestComplete(snapshots.filter((snapshot) => snapshot.fatalErrors === 0))
  const lastAttempt = attemptOf(newest)
  const hasFailed = lastAttempt.outcome !== 'success'
  return {
    lastAttempt,
    ...(hasFailed && { lastFailureAt: lastAttempt.endedAt, consecutiveFailures: 1 }),
    ...successOf(lastSuccess),
  }
}

/** The last success from the repository, for a source of which only failures were watched so far. */
export function pastSuccessOf(state: Watched, snapshots: readonly Snapshot[]): Past {
  const before = knownBefore(state, snapshots).filter((snapshot) => snapshot.fatalErrors === 0)
  const lastSuccess = state.lastSuccessAt === undefined ? newestComplete(before) : undefined
  return successOf(lastSuccess)
}

function successOf(snapshot: Snapshot | undefined): Past {
  return snapshot === undefined
    ? {}
    : { lastSuccessAt: snapshot.endedAt, lastSuccessStartedAt: snapshot.startedAt }
}

/** Snapshots from before the last attempt; `unknownSnapshots` returns the later ones, which become attempts. */
export function knownBefore({ lastAttempt }: Watched, snapshots: readonly Snapshot[]): readonly Snapshot[] {
  return snapshots.filter(
    (snapshot) => snapshot.startedAt <= (lastAttempt?.endedAt ?? Number.POSITIVE_INFINITY),
  )
}
