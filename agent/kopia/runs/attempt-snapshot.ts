// Finds the snapshot that an attempt created among the snapshots in the repository.

import { newestComplete, type Snapshot } from '../cli/snapshots.ts'
import { formatSource } from '../source.ts'
import type { Attempt } from './evidence.ts'

/** Keyed by `user@host:path`, the oldest snapshot first. */
type SnapshotsBySource = ReadonlyMap<string, readonly Snapshot[]>

/**
 * The snapshot with the id in the log. Without an id (`--json` hides the line), the first one created during the attempt;
 * a checkpoint only if there is no other. If the clock was set back since the start, the attempt seems to end before it
 * begins; then its end is ignored.
 */
export function findSnapshot(
  attempt: Attempt,
  endedAt: number,
  bySource: SnapshotsBySource,
): Snapshot | undefined {
  const snapshots = bySource.get(formatSource(attempt.source)) ?? []
  const { reportedResult } = attempt
  if (reportedResult?.kind === 'identical') return undefined
  if (reportedResult !== undefined)
    return snapshots.find((snapshot) => snapshot.id === reportedResult.snapshotId)
  const latestStart = endedAt < attempt.startedAt ? Number.POSITIVE_INFINITY : endedAt
  const ofAttempt = snapshots.filter((snapshot) => {
    const begin = attempt.origin === 'hook' ? snapshot.endedAt : snapshot.startedAt
    return begin >= attempt.startedAt && snapshot.startedAt <= latestStart
  })
  return ofAttempt.find(({ incomplete }) => incomplete !== 'checkpoint') ?? ofAttempt.at(-1)
}

/**
 * The newest snapshot of a source, if it was not there before: `--start-time` can give it any time, as for the snapshot of
 * a file system that was taken earlier. `newestIdBefore` is the newest that was known before the attempt; undefined if
 * there was none, and empty if that is not known.
 */
export function findBackdated(
  { source, startedAt }: Attempt,
  newestIdBefore: string | undefined,
  bySource: SnapshotsBySource,
): Snapshot | undefined {
  const held = bySource.get(formatSource(source)) ?? []
  const newest = newestComplete(held)
  const isNew = newest !== undefined && newest.id !== newestIdBefore && newest.startedAt < startedAt
  // Without the one that was known before, the newest may have been there before it.
  const isKnown = newestIdBefore === undefined || held.some(({ id }) => id === newestIdBefore)
  return isNew && isKnown ? newest : undefined
}

/**
 * Whether retention may have deleted the snapshot of the attempt. It never deletes the newest snapshot, so there must be
 * a later one; nor one that is newer than a snapshot that it keeps among the latest (snapshot/policy/retention_policy.go).
 * This matters for attempts that ended while no agent ran.
 */
export function mayHaveExpired(
  { source, startedAt, reportedResult, reportedAt }: Attempt,
  endedAt: number,
  bySource: SnapshotsBySource,
): boolean {
  if (reportedResult?.kind === 'identical') return false
  const complete = (bySource.get(formatSource(source)) ?? []).filter(
    ({ incomplete }) => incomplete === undefined,
  )
  const isLaterThere = complete.some((snapshot) => snapshot.startedAt > (reportedAt ?? endedAt))
  return (
    isLaterThere && !complete.some((snapshot) => snapshot.startedAt < startedAt && isAmongLatest(snapshot))
  )
}

function isAmongLatest({ retentionReasons }: Snapshot): boolean {
  return retentionReasons.some((reason) => reason.startsWith('latest-'))
}
