// The counted attempts of the last five weeks of a source, for the report. One number per attempt keeps 10,000 sources small.

import type { FinishedAttempt } from '../kopia/runs/finished-attempt.ts'
import { type Outcome, outcomes } from '../kopia/runs/outcome-kinds.ts'
import { type RecentAttempts, recentOf, unpacked } from './recent-attempts.ts'

/**
 * A flat list. First: no counted attempt that ended later than this is missing (Unix seconds; 0: none at all is missing). Then:
 * how many attempts were counted when it was written, so that a count by an older agent, which keeps no log, is noticed. Then one
 * number per attempt, oldest first: four times its end in whole Unix seconds, plus the index in `outcomes`.
 */
export type AttemptLog = readonly number[]

export type LoggedAttempt = { readonly endedAt: number; readonly outcome: Outcome }

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
const outcomesRoom = 4
const headNumbers = 2
/** Later than this shows that the clock was wrong. */
const clockDifferenceSeconds = 3600

/** What is known of the attempts. An older ledger, or one that an older agent wrote meanwhile, has those of the chart. */
export function knownAttempts(state: Remembering): KnownAttempts {
  const [completeAfter = 0, , ...stamps] = logOf(state)
  return {
    completeAfter,
    attempts: stamps.map((stamp) => ({
      endedAt: Math.floor(stamp / outcomesRoom),
      outcome: outcomes[stamp % outcomesRoom] ?? 'failed',
    })),
  }
}

/** `new`: the attempt is counted now. `of the last attempt`: the report replaces one that is counted. `known`: neither. */
export type Report = 'new' | 'of the last attempt' | 'known'

/** The log after a report; `state` is from before it. Undefined while nothing is counted. */
export function withReport(
  state: Remembering,
  finished: FinishedAttempt,
  report: Report,
  nowSeconds: number,
): AttemptLog | undefined {
  switch (report) {
    case 'new':
      return withCounted(state, finished, nowSeconds)
    case 'of the last attempt':
      return withReplaced(state, finished)
    case 'known':
      return state.attemptLog
  }
}

function withCounted(state: Remembering, finished: FinishedAttempt, nowSeconds: number): AttemptLog {
  const [completeAfter = 0, total = 0, ...stamps] = logOf(state)
  const isPast = (stamp: number) => endOf(stamp) <= nowSeconds + clockDifferenceSeconds
  const all = [...stamps.filter(isPast), stampOf(finished)].sort((one, other) => one - other)
  const firstKept = all.findIndex((stamp) => endOf(stamp) > nowSeconds - keptSeconds)
  const first = Math.max(firstKept < 0 ? all.length - 1 : firstKept, all.length - mostAttempts)
  const newestDropped = all[first - 1]
  const kept = all.slice(first)
  return [newestDropped === undefined ? completeAfter : endOf(newestDropped), total + 1, ...kept]
}

/** A log that does not have the last attempt stays: it was not counted. */
function withReplaced(state: Remembering, finished: FinishedAttempt): AttemptLog | undefined {
  const { lastAttempt } = state
  const log = logOf(state)
  const at = lastAttempt === undefined ? -1 : log.lastIndexOf(stampOf(lastAttempt))
  if (at < headNumbers) return state.attemptLog
  const [completeAfter = 0, total = 0, ...stamps] = log.toSpliced(at, 1, stampOf(finished))
  return [completeAfter, total, ...stamps.sort((one, other) => one - other)]
}

function logOf(state: Remembering): AttemptLog {
  const { attemptLog } = state
  const total = countedBy(state)
  return attemptLog !== undefined && attemptLog[1] === total ? attemptLog : logFromChart(state, total)
}

/** The chart has the last attempts, those that are not counted first. */
function logFromChart(state: Remembering, total: number): AttemptLog {
  const charted = unpacked(recentOf(state))
  const counted = total === 0 ? [] : charted.slice(-total)
  const stamps = counted.map(stampOf).sort((one, other) => one - other)
  const [oldest] = stamps
  if (counted.length >= total || oldest === undefined) return [0, total, ...stamps]
  return [endOf(oldest) - 1, total, ...stamps]
}

function countedBy({ attempts }: Remembering): number {
  return outcomes.reduce((sum, outcome) => sum + attempts[outcome], 0)
}

function stampOf({ endedAt, outcome }: LoggedAttempt): number {
  return Math.round(endedAt) * outcomesRoom + outcomes.indexOf(outcome)
}

function endOf(stamp: number): number {
  return Math.floor(stamp / outcomesRoom)
}
