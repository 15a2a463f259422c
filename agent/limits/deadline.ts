// Decides when a source becomes overdue unless it succeeds before. Alerts, status, page and dashboards use this figure.

import { effectivePolicyFor } from '../kopia/cli/policies.ts'
import type { Schedule } from '../kopia/cli/schedule.ts'
import { longestUsualSeconds } from '../ledger/longest-success.ts'
import { type SourceState, usualIntervalOf } from '../ledger/source-state.ts'
import { historyOf, isOfFuture } from '../ledger/success-history.ts'
import { type LimitContext, policiesOf } from './context.ts'
import { learnedDeadline } from './learned-deadline.ts'
import { type FixedContext, remembered } from './remembered.ts'
import { stuckAt } from './running-deadline.ts'
import { scheduledDeadline } from './scheduled-deadline.ts'
import { movedByUptime } from './uptime-deadline.ts'

export type Deadline = {
  /** In Unix seconds. */
  readonly at: number
  readonly origin: 'policy' | 'configured' | 'learned' | 'assumed' | 'never'
  /** When the next success is due, without any grace; undefined if that is not known. */
  readonly dueAt?: number
}

const day = 86_400
/** Between two backups that a person makes once a month, and forgets for two weeks. */
const assumedSeconds = 46.5 * day
/** A first backup has a day. */
const neverSeconds = day

/** The deadline of a source; `runningSince` is the start of the attempt that is under way. */
export function deadlineOf(state: SourceState, context: LimitContext, runningSince?: number): Deadline {
  const fixed = fixedDeadlineOf(withoutFuture(state, context.nowSeconds), context)
  const awake = context.sleeps
    ? { ...fixed, at: movedByUptime(fixed.at, context.uptimeQuarters, context.nowSeconds) }
    : fixed
  if (awake.origin !== 'never' || runningSince === undefined) return awake
  // A first backup can take days.
  return { ...awake, at: Math.max(awake.at, stuckAt(state, runningSince)) }
}

/** A success of the future shows that the clock was set back: the one before it counts. */
function withoutFuture(state: SourceState, nowSeconds: number): SourceState {
  const { lastSuccessAt, lastSuccessStartedAt: _, ...others } = state
  if (lastSuccessAt === undefined || !isOfFuture({ endedAt: lastSuccessAt }, nowSeconds)) return state
  const before = historyOf(state).ends.findLast((end) => end <= nowSeconds)
  return before === undefined ? others : { ...others, lastSuccessAt: before }
}

/** Since when the source is overdue; undefined if it is not. */
export function overdueSince({ at }: Deadline, nowSeconds: number): number | undefined {
  return at < nowSeconds ? at : undefined
}

/** The deadline of a machine that is always on. */
const fixedDeadlineOf = remembered(decide)

function decide(state: SourceState, context: FixedContext): Deadline {
  const { firstSeenAt, lastSuccessAt, lastSuccessStartedAt = lastSuccessAt } = state
  if (lastSuccessAt === undefined || lastSuccessStartedAt === undefined)
    return { at: firstSeenAt + neverSeconds, origin: 'never' }
  const { overdueGrace, timeZone } = context.settings
  const success = { startedAt: lastSuccessStartedAt, endedAt: lastSuccessAt }
  // A machine may have slept during a run, and gets four hours awake anyway.
  const longestSeconds = context.sleeps ? 0 : (longestUsualSeconds(state, lastSuccessAt) ?? 0)
  const grace = { factor: overdueGrace, longestSeconds }
  const { schedule } = effectivePolicyFor(policiesOf(context), state.source)
  const byPolicy = schedule && scheduledDeadline(schedule, success, grace, timeZone)
  if (byPolicy !== undefined) return { ...byPolicy, origin: 'policy' }
  const configuredSeconds = context.settings.configuredInterval(state.source)
  const configured = configuredSeconds && everySeconds(configuredSeconds)
  const bySetting = configured && scheduledDeadline(configured, success, grace, timeZone)
  if (bySetting) return { ...bySetting, origin: 'configured' }
  const learnedSeconds = usualIntervalOf(state)
  if (learnedSeconds === undefined) return { at: lastSuccessAt + assumedSeconds, origin: 'assumed' }
  const known = { ends: historyOf(state).ends, watchedSince: firstSeenAt, sleeps: context.sleeps }
  return { ...learnedDeadline(learnedSeconds, lastSuccessAt, overdueGrace, known), origin: 'learned' }
}

function everySeconds(intervalSeconds: number): Schedule {
  return { intervalSeconds, timetable: [], runsMissed: true }
}
