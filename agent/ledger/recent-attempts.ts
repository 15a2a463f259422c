// How the last attempts of a source went, for its chart: bounded, and three numbers each, since there may be 10,000 sources.

import type { Snapshot } from '../kopia/cli/snapshots.ts'
import { attemptOf, type FinishedAttempt, type Outcome, outcomes } from '../kopia/runs/outcome.ts'

/** Times in Unix seconds. */
export type RecentAttempt = {
  readonly endedAt: number
  readonly durationSeconds: number
  readonly outcome: Outcome
}

/** Oldest first, flat: the end in whole seconds, the duration in seconds, the outcome's place in `outcomes`. */
export type RecentAttempts = readonly number[]

/** How many a source keeps. */
export const mostRecentAttempts = 30
const numbersEach = 3

/** With one more at the end, and without the oldest where there are too many. */
export function withAttempt(recent: RecentAttempts, finished: FinishedAttempt): RecentAttempts {
  return [...recent, ...packed(finished)].slice(-mostRecentAttempts * numbersEach)
}

/** Without the one at the end, which is about to be told better. */
export function withoutNewest(recent: RecentAttempts): RecentAttempts {
  return recent.slice(0, -numbersEach)
}

/** With the snapshots from before the oldest attempt, as far as there is room: what happened before anybody watched. */
export function withPast(recent: RecentAttempts, snapshots: readonly Snapshot[]): RecentAttempts {
  const [oldest] = unpacked(recent)
  const room = mostRecentAttempts - recent.length / numbersEach
  if (room <= 0) return recent
  const begin = oldest === undefined ? Number.POSITIVE_INFINITY : oldest.endedAt - oldest.durationSeconds
  const past = snapshots.filter(
    (snapshot) => snapshot.incomplete !== 'checkpoint' && Math.round(snapshot.endedAt) < begin,
  )
  return [...past.slice(-room).flatMap((snapshot) => packed(attemptOf(snapshot))), ...recent]
}

/** Oldest first. */
export function unpacked(recent: RecentAttempts): readonly RecentAttempt[] {
  return Array.from({ length: recent.length / numbersEach }, (_, index) => {
    const at = index * numbersEach
    return {
      endedAt: recent[at] ?? 0,
      durationSeconds: recent[at + 1] ?? 0,
      outcome: outcomes[recent[at + 2] ?? 0] ?? 'failed',
    }
  })
}

function packed({ endedAt, durationSeconds, outcome }: FinishedAttempt): readonly number[] {
  return [Math.round(endedAt), Math.round(durationSeconds * 1000) / 1000, outcomes.indexOf(outcome)]
}
