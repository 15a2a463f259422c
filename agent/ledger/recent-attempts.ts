// The last attempts of a source, for its chart. Three numbers per attempt keep 10,000 sources small.

import type { Snapshot } from '../kopia/cli/snapshots.ts'
import { attemptOf, type FinishedAttempt } from '../kopia/runs/finished-attempt.ts'
import { type Outcome, outcomes } from '../kopia/runs/outcome-kinds.ts'

/** Times in Unix seconds. */
export type RecentAttempt = {
  readonly endedAt: number
  readonly durationSeconds: number
  readonly outcome: Outcome
}

/** A flat list, oldest attempt first: the end in whole Unix seconds, the duration in seconds, the index in `outcomes`. */
export type RecentAttempts = readonly number[]

/** The number of attempts that are kept per source. */
export const mostRecentAttempts = 30
const numbersEach = 3

type Remembering = { readonly recent?: RecentAttempts; readonly lastAttempt?: FinishedAttempt }

/** A ledger that is older than the chart has the last attempt only. */
export function recentOf({ recent, lastAttempt }: Remembering): RecentAttempts {
  return recent ?? (lastAttempt === undefined ? [] : withAttempt([], lastAttempt))
}

/** Appends an attempt, and drops the oldest beyond the limit. */
export function withAttempt(recent: RecentAttempts, finished: FinishedAttempt): RecentAttempts {
  return [...recent, ...packed(finished)].slice(-mostRecentAttempts * numbersEach)
}

/** Drops the newest attempt, which a better report is about to replace. */
export function withoutNewest(recent: RecentAttempts): RecentAttempts {
  return recent.slice(0, -numbersEach)
}

/** Puts snapshots from before the oldest attempt in front, up to the limit: the history from before the agent ran. */
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

/** The attempts as objects, oldest first. */
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
