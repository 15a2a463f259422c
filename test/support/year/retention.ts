// Which snapshots Kopia keeps by its default policy (ComputeRetentionReasons in snapshot/policy/retention_policy.go).

import type { Snapshot } from '../../../agent/kopia/cli/snapshots.ts'
import { day, hour } from './calendar.ts'

/** As the global policy of a new repository has it. */
export const defaultRetention = {
  keepLatest: 10,
  keepHourly: 48,
  keepDaily: 7,
  keepWeekly: 4,
  keepMonthly: 24,
  keepAnnual: 3,
} as const

type Kind = {
  readonly name: string
  readonly most: number
  readonly since: number
  readonly periodOf: (startedAt: number) => number
}

/** Not those of the calendar, since 24 months and three years never end within the year. */
const [month, year] = [30.5 * day, 365 * day]
/** The first day of the Unix epoch is a Thursday. */
const sinceMonday = 3 * day

const monthOf = (startedAt: number) => {
  const date = new Date(startedAt * 1000)
  return date.getUTCFullYear() * 12 + date.getUTCMonth()
}

/** The snapshots that remain, with the reasons for which Kopia keeps them. `snapshots` are complete, the oldest first. */
export function retained(snapshots: readonly Snapshot[]): readonly Snapshot[] {
  const newest = snapshots.at(-1)?.startedAt ?? 0
  const kinds: readonly Kind[] = [
    { name: 'latest', most: defaultRetention.keepLatest, since: 0, periodOf: (time) => time },
    kind('hourly', defaultRetention.keepHourly, newest, hour, (time) => Math.floor(time / hour)),
    kind('daily', defaultRetention.keepDaily, newest, day, (time) => Math.floor(time / day)),
    kind('weekly', defaultRetention.keepWeekly, newest, 7 * day, (time) =>
      Math.floor((time + sinceMonday) / (7 * day)),
    ),
    kind('monthly', defaultRetention.keepMonthly, newest, month, monthOf),
    kind('annual', defaultRetention.keepAnnual, newest, year, (time) => Math.floor(monthOf(time) / 12)),
  ]
  const periods = kinds.map(() => new Set<number>())
  const kept: Snapshot[] = []
  for (const snapshot of snapshots.toReversed()) {
    const retentionReasons = kinds.flatMap(({ name, most, since, periodOf }, index) => {
      const known = periods[index]
      const period = periodOf(snapshot.startedAt)
      if (known === undefined || snapshot.startedAt < since || known.size >= most || known.has(period))
        return []
      known.add(period)
      return [`${name}-${known.size}`]
    })
    if (retentionReasons.length > 0) kept.push({ ...snapshot, retentionReasons })
  }
  return kept.reverse()
}

function kind(name: string, most: number, newest: number, length: number, periodOf: Kind['periodOf']): Kind {
  return { name, most, since: newest - most * length, periodOf }
}
