// The machines and sources of the year.

import type { Source } from '../../../agent/kopia/source.ts'
import { hour, type LocalHour } from './calendar.ts'

/** How the agent knows when the next backup is due. */
export type PlanSchedule =
  /** `scheduling` of the source's policy, as Kopia's JSON has it. */
  | { readonly origin: 'policy'; readonly scheduling: Readonly<Record<string, unknown>> }
  /** The interval in the setting `expected_interval`. */
  | { readonly origin: 'configured'; readonly interval: string }
  | { readonly origin: 'learned' }

export type SourcePlan = {
  readonly machine: Machine
  readonly path: string
  readonly schedule: PlanSchedule
  /** Whether its policy has `ignoreIdenticalSnapshots`, and nothing changes: each attempt succeeds, and saves no snapshot. */
  readonly ignoresIdentical?: true
  /** Whether a backup starts in this hour. */
  readonly isDue: (local: LocalHour) => boolean
  readonly durationSeconds: number
  /** The size on a day of the year; the next two likewise. */
  readonly sizeOn: (day: number) => number
  readonly filesOn: (day: number) => number
  readonly changedShareOn: (day: number) => number
  /** Days of the year; defaults to the whole year. */
  readonly from?: number
  readonly until?: number
}

/** `cron` has no daemon: it runs `kopia-metrics-agent push` after each backup. `laptop` is not always on. */
export const machines = ['server', 'office', 'archive', 'laptop', 'cron'] as const
export type Machine = (typeof machines)[number]

const usual = {
  durationSeconds: hour / 2,
  sizeOn: () => 1e9,
  filesOn: () => 10_000,
  changedShareOn: () => 0.01,
}
/** The hour that is skipped in spring and repeated in autumn. */
const nightly = (local: LocalHour) => local.hour === 1
const onWorkdays = ({ weekday }: LocalHour) => weekday < 5
const firstOfMonth: ReadonlySet<number> = new Set([0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334])
const hourlyPolicy: PlanSchedule = { origin: 'policy', scheduling: { intervalSeconds: hour } }
const nightlyPolicy: PlanSchedule = {
  origin: 'policy',
  scheduling: { timeOfDay: [{ hour: 1, min: 0 }] },
}
const learned: PlanSchedule = { origin: 'learned' }

/** The source as Kopia names it. */
export function sourceOf({ machine, path }: SourcePlan): Source {
  return { user: 'root', host: machine, path }
}

export const sources: readonly SourcePlan[] = [
  {
    ...usual,
    machine: 'server',
    path: '/hourly',
    schedule: hourlyPolicy,
    isDue: () => true,
    durationSeconds: 300,
  },
  {
    ...usual,
    machine: 'server',
    path: '/growing',
    schedule: nightlyPolicy,
    isDue: nightly,
    sizeOn: (days) => 1e9 + days * 5e6,
  },
  {
    ...usual,
    machine: 'server',
    path: '/shrinking',
    schedule: nightlyPolicy,
    isDue: nightly,
    sizeOn: (days) => 1e9 * 0.995 ** days,
    filesOn: (days) => Math.round(10_000 * 0.995 ** days),
  },
  // Half of the data is absent for two days a week, and most files change each Sunday.
  {
    ...usual,
    machine: 'server',
    path: '/mail',
    schedule: nightlyPolicy,
    isDue: nightly,
    sizeOn: (days) => (days % 7 < 2 ? 5e8 : 1e9),
    changedShareOn: (days) => (days % 7 === 6 ? 0.6 : 0.05),
  },
  { ...usual, machine: 'server', path: '/added', schedule: learned, isDue: nightly, from: 120 },
  {
    ...usual,
    machine: 'office',
    path: '/workdays',
    schedule: learned,
    isDue: (moment) => nightly(moment) && onWorkdays(moment),
  },
  {
    ...usual,
    machine: 'office',
    path: '/office-hours',
    schedule: learned,
    isDue: (local) => onWorkdays(local) && local.hour >= 8 && local.hour <= 18,
    durationSeconds: 120,
  },
  {
    ...usual,
    machine: 'office',
    path: '/evenings',
    schedule: { origin: 'policy', scheduling: { cron: ['0 22 * * 1-5'] } },
    isDue: (local) => onWorkdays(local) && local.hour === 22,
  },
  {
    ...usual,
    machine: 'office',
    path: '/projects',
    schedule: { origin: 'configured', interval: '6h' },
    isDue: (local) => local.hour % 6 === 0,
  },
  // Its first backup hangs for longer than a week.
  { ...usual, machine: 'office', path: '/first', schedule: nightlyPolicy, isDue: nightly, from: 205 },
  { ...usual, machine: 'office', path: '/retired', schedule: nightlyPolicy, isDue: nightly, until: 200 },
  { ...usual, machine: 'office', path: '/new', schedule: nightlyPolicy, isDue: nightly, from: 140 },
  {
    ...usual,
    machine: 'archive',
    path: '/monthly',
    schedule: learned,
    isDue: (local) => local.hour === 4 && firstOfMonth.has(local.day),
  },
  {
    ...usual,
    machine: 'archive',
    path: '/weekly',
    schedule: learned,
    isDue: (local) => nightly(local) && local.weekday === 6,
  },
  // With `ignore-identical-snapshots` there is a successful attempt each night but rarely a new snapshot.
  {
    ...usual,
    machine: 'archive',
    path: '/identical',
    schedule: learned,
    ignoresIdentical: true,
    isDue: nightly,
    changedShareOn: () => 0,
  },
  { ...usual, machine: 'laptop', path: '/home', schedule: learned, isDue: ({ hour: h }) => h === 10 },
  { ...usual, machine: 'cron', path: '/data', schedule: nightlyPolicy, isDue: nightly },
]
