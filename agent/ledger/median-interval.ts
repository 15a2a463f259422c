// The usual time between two backups, learned from when they happened.

import type { Snapshot } from '../kopia/cli/snapshots.ts'
import { type RecentAttempts, unpacked } from './recent-attempts.ts'

/** Uses the last 10 gaps at most; fewer than 2 are no pattern. */
const gaps = { most: 10, least: 2 } as const

/** The median of the last gaps in seconds, undefined where there are too few. `times` are Unix seconds, oldest first. */
function usualIntervalSeconds(times: readonly number[]): number | undefined {
  const recent = times.slice(-gaps.most - 1)
  const sorted = recent
    .slice(1)
    .map((time, index) => time - (recent[index] ?? time))
    .sort((one, other) => one - other)
  if (sorted.length < gaps.least) return undefined
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
}

/** The usual interval between the successes. With `ignore-identical-snapshots` most successes leave no snapshot, and retention deletes those of others. */
export function intervalBetween(recent: RecentAttempts): number | undefined {
  const successes = unpacked(recent).filter(({ outcome }) => outcome === 'success')
  return usualIntervalSeconds(successes.map(({ endedAt }) => endedAt))
}

/** The usual interval between complete snapshots. */
export function intervalOfSnapshots(snapshots: readonly Snapshot[]): number | undefined {
  const complete = snapshots.filter(({ incomplete }) => incomplete === undefined)
  return usualIntervalSeconds(complete.map(({ endedAt }) => endedAt))
}
