// The counted attempts of the last five weeks of a source, for the report.

import type { FinishedAttempt } from '../kopia/runs/finished-attempt.ts'
import { type Outcome, outcomes } from '../kopia/runs/outcome-kinds.ts'
import { type LoggedAttempt, packedAttempts, unpackedAttempts } from './packed-attempts.ts'
import { type RecentAttempts, recentOf, unpacked } from './recent-attempts.ts'
import { isOfFuture } from './success-history.ts'

export type AttemptLog = {
  /** No counted attempt that ended later than this is missing (Unix seconds); 0: none at all is missing. */
  readonly completeAfter: number
  /** How many attempts were counted when it was written, so that a count by an older agent, which keeps no log, is noticed. */
  readonly counted: number
  /** As packed-attempts.ts makes it, oldest attempt first. */
  readonly attempts: string
}

/** The attempts, oldest first, and since when they are complete: later than this, in Unix seconds; 0: since the agent first ran here. */
export type KnownAttempts = { readonly completeAfter: number; readonly attempts: readonly LoggedAttempt[] }

type Remembering = {
  readonly attempts: Readonly<Record<Outcome, number>>
  readonly attemptLog?: AttemptLog
  readonly recent?: RecentAttempts
  readonly lastAttempt?: FinishedAttempt
}

const keptSeconds = 35 * 86_400
/** A week of backups every quarter of an hour is 672. */
const mostAttempts = 800

/** What is known of the attempts. An older ledger, or one that an older agent wrote meanwhile, has those of the chart. */
export function knownAttempts(state: Remembering): KnownAttempts {
  const { attemptLog } = state
  const counted = countedBy(state)
  return attemptLog?.counted === counted
    ? { completeAfter: attemptLog.completeAfter, attempts: unpackedAttempts(attemptLog.attempts) }
    : fromChart(state, counted)
}

/** `new`: the attempt is counted now. `of the last attempt`: the report replaces one that is counted. `known`: neither. */
export type AttemptNews = 'new' | 'of the last attempt' | 'known'

/** The log after a report; `state` is from before it. Undefined while nothing is counted. */
export function withReport(
  state: Remembering,
  finished: FinishedAttempt,
  news: AttemptNews,
  nowSeconds: number,
): AttemptLog | undefined {
  switch (news) {
    case 'new':
      return withCounted(state, finished, nowSeconds)
    case 'of the last attempt':
      return withReplaced(state, finished)
    case 'known':
      return state.attemptLog
  }
}

function withCounted(state: Remembering, finished: FinishedAttempt, nowSeconds: number): AttemptLog {
  const { completeAfter, attempts } = knownAttempts(state)
  const past = attempts.filter((attempt) => !isOfFuture(attempt, nowSeconds))
  const all = sorted([...past, loggedOf(finished)])
  const firstKept = all.findIndex(({ endedAt }) => endedAt > nowSeconds - keptSeconds)
  const first = Math.max(firstKept < 0 ? all.length - 1 : firstKept, all.length - mostAttempts)
  return {
    completeAfter: all[first - 1]?.endedAt ?? completeAfter,
    counted: countedBy(state) + 1,
    attempts: packedAttempts(all.slice(first)),
  }
}

/** A log that does not have the last attempt stays: it was not counted. */
function withReplaced(state: Remembering, finished: FinishedAttempt): AttemptLog | undefined {
  const { lastAttempt } = state
  if (lastAttempt === undefined) return state.attemptLog
  const { completeAfter, attempts } = knownAttempts(state)
  const last = loggedOf(lastAttempt)
  const at = attempts.findLastIndex(
    ({ endedAt, outcome }) => endedAt === last.endedAt && outcome === last.outcome,
  )
  if (at < 0) return state.attemptLog
  const replaced = sorted(attempts.toSpliced(at, 1, loggedOf(finished)))
  return { completeAfter, counted: countedBy(state), attempts: packedAttempts(replaced) }
}

/** The chart has the last attempts, those that are not counted first. */
function fromChart(state: Remembering, counted: number): KnownAttempts {
  const charted = counted === 0 ? [] : unpacked(recentOf(state)).slice(-counted)
  const attempts = sorted(charted.map(loggedOf))
  const [oldest] = attempts
  const isComplete = charted.length >= counted || oldest === undefined
  return { completeAfter: isComplete ? 0 : oldest.endedAt - 1, attempts }
}

/** Of several in the same second, the one that was reported last stays the last. */
function sorted(attempts: readonly LoggedAttempt[]): readonly LoggedAttempt[] {
  return attempts.toSorted((one, other) => one.endedAt - other.endedAt)
}

function countedBy({ attempts }: Remembering): number {
  return outcomes.reduce((sum, outcome) => sum + attempts[outcome], 0)
}

function loggedOf({ endedAt, outcome }: LoggedAttempt): LoggedAttempt {
  return { endedAt: Math.round(endedAt), outcome }
}
