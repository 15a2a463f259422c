// Decides when a source becomes overdue unless it succeeds before. Alerts, status, page and dashboards use this figure.

import { effectivePolicyFor } from '../kopia/cli/policies.ts'
import { historyOf, longestSuccessSeconds, type SourceState } from '../ledger/source-state.ts'
import { type LimitContext, policiesOf } from './context.ts'
import { learnedIntervalOf } from './expected-interval.ts'
import { learnedDeadline } from './learned-deadline.ts'
import { stuckAt } from './running-deadline.ts'
import { scheduledDeadline } from './scheduled-deadline.ts'
import { movedByUptime } from './uptime-deadline.ts'

export const deadlineOrigins = ['policy', 'configured', 'learned', 'assumed', 'never'] as const

export type Deadline = {
  /** In Unix seconds. */
  readonly at: number
  readonly origin: (typeof deadlineOrigins)[number]
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
  const fixed = fixedDeadlineOf(state, context)
  const awake = { ...fixed, at: movedByUptime(fixed.at, context.uptimeQuarters, context.nowSeconds) }
  if (awake.origin !== 'never' || runningSince === undefined) return awake
  // A first backup can take days.
  return { ...awake, at: Math.max(awake.at, stuckAt(state, runningSince)) }
}

/** Since when the source is overdue; undefined if it is not. */
export function overdueSince({ at }: Deadline, nowSeconds: number): number | undefined {
  return at < nowSeconds ? at : undefined
}

/** The deadline of a machine that is always on. Each push asks for that of up to 10,000 sources, of which few have changed. */
function fixedDeadlineOf(state: SourceState, context: LimitContext): Deadline {
  const known = remembered.get(state)
  if (known?.policies === context.policies && known?.settings === context.settings) return known.deadline
  const deadline = decide(state, context)
  remembered.set(state, { policies: context.policies, settings: context.settings, deadline })
  return deadline
}

const remembered = new WeakMap<
  SourceState,
  Pick<LimitContext, 'policies' | 'settings'> & { readonly deadline: Deadline }
>()

function decide(state: SourceState, context: LimitContext): Deadline {
  const { firstSeenAt, lastSuccessAt, lastSuccessStartedAt = lastSuccessAt } = state
  if (lastSuccessAt === undefined || lastSuccessStartedAt === undefined)
    return { at: firstSeenAt + neverSeconds, origin: 'never' }
  const { overdueGrace, timeZone } = context.settings
  const success = { startedAt: lastSuccessStartedAt, endedAt: lastSuccessAt }
  const longestSeconds = longestSuccessSeconds(state, lastSuccessAt) ?? 0
  const grace = { factor: overdueGrace, longestSeconds }
  const { schedule } = effectivePolicyFor(policiesOf(context), state.source)
  const byPolicy = schedule && scheduledDeadline(schedule, success, grace, timeZone)
  if (byPolicy !== undefined) return { ...byPolicy, origin: 'policy' }
  const configuredSeconds = context.settings.configuredInterval(state.source)
  const configured = configuredSeconds && { intervalSeconds: configuredSeconds, timetable: [] }
  const bySetting = configured && scheduledDeadline(configured, success, grace, timeZone)
  if (bySetting) return { ...bySetting, origin: 'configured' }
  const learnedSeconds = learnedIntervalOf(state)
  if (learnedSeconds === undefined) return { at: lastSuccessAt + assumedSeconds, origin: 'assumed' }
  const sleeps = context.uptimeQuarters !== undefined
  const known = { ends: historyOf(state).ends, watchedSince: firstSeenAt, sleeps }
  return { ...learnedDeadline(learnedSeconds, lastSuccessAt, overdueGrace, known), origin: 'learned' }
}
