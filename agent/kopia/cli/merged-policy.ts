// What the policies of a source and above it say together, field by field, as Kopia merges them.

import { cronerLineOf } from './cron-lines.ts'
import { gapsOf, type Schedule } from './schedule.ts'

/** The fields of a policy that the agent uses. */
export type PolicyFields = {
  readonly intervalSeconds: number
  /** Minutes after midnight. */
  readonly minutesOfDay: readonly number[]
  readonly cron: readonly string[]
  readonly isManual: boolean
  /** Whether Kopia makes up for a missed time; undefined if the policy inherits this. */
  readonly runsMissed?: boolean
  /** Whether Kopia leaves out a snapshot without changes; undefined if the policy inherits this. */
  readonly ignoresIdentical?: boolean
  /** The policies above this one do not count. */
  readonly noParent?: boolean
  /** The times of day of the policies above this one do not count. */
  readonly noParentTimesOfDay?: boolean
}

/** What the policies of a source and above it say together. */
export type EffectivePolicy = {
  /** Undefined where Kopia takes snapshots only when it is told to. */
  readonly schedule: Schedule | undefined
  /** The longest time that the schedule leaves between two snapshots; undefined without a schedule. */
  readonly intervalSeconds: number | undefined
  /** Whether Kopia saves no snapshot if nothing has changed. */
  readonly ignoresIdentical: boolean
}

/**
 * Each field comes from the nearest policy that sets it, except that times of day add up, and that `manual` anywhere rules
 * out every schedule (Kopia: SchedulingPolicy.Merge and NextSnapshotTime in snapshot/policy/scheduling_policy.go).
 */
export function effectivePolicyOf(nearestFirst: readonly PolicyFields[]): EffectivePolicy {
  const policies = upTo(nearestFirst, ({ noParent }) => noParent === true)
  const deciding = policies.find(({ ignoresIdentical }) => ignoresIdentical !== undefined)
  const merged = policies.some(({ isManual }) => isManual) ? undefined : scheduleOf(policies)
  const gaps = merged && gapsOf(merged)
  return {
    schedule: gaps && merged,
    intervalSeconds: gaps?.longestSeconds,
    ignoresIdentical: deciding?.ignoresIdentical ?? false,
  }
}

function scheduleOf(nearestFirst: readonly PolicyFields[]): Schedule {
  const interval = nearestFirst.find(({ intervalSeconds }) => intervalSeconds > 0)?.intervalSeconds
  const cron = nearestFirst.find(({ cron: lines }) => lines.length > 0)?.cron ?? []
  const minutes = upTo(nearestFirst, ({ noParentTimesOfDay }) => noParentTimesOfDay === true).flatMap(
    ({ minutesOfDay }) => minutesOfDay,
  )
  const runsMissed = nearestFirst.find((policy) => policy.runsMissed !== undefined)?.runsMissed
  return {
    ...(interval !== undefined && { intervalSeconds: interval }),
    // Kopia's default (policy_tree.go).
    runsMissed: runsMissed ?? true,
    timetable: [
      ...[...new Set(minutes)].sort((one, other) => one - other).map(dailyAt),
      ...cron.map(cronerLineOf).filter((line) => line !== undefined),
    ],
  }
}

/** The policies up to the first one that shuts out those above it. */
function upTo(
  nearestFirst: readonly PolicyFields[],
  isLast: (policy: PolicyFields) => boolean,
): readonly PolicyFields[] {
  const last = nearestFirst.findIndex(isLast)
  return last < 0 ? nearestFirst : nearestFirst.slice(0, last + 1)
}

function dailyAt(minute: number): string {
  return `${minute % 60} ${Math.trunc(minute / 60)} * * *`
}
