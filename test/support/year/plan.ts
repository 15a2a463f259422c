// The machines and sources of the year.

import { day, hour, type LocalHour } from './calendar.ts'

export type SourcePlan = {
  readonly machine: Machine
  readonly path: string
  readonly interval: { readonly seconds: number; readonly origin: 'policy' | 'learned' }
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
const byPolicy = (seconds: number) => ({ seconds, origin: 'policy' }) as const
const learned = (seconds: number) => ({ seconds, origin: 'learned' }) as const

export const sources: readonly SourcePlan[] = [
  {
    ...usual,
    machine: 'server',
    path: '/hourly',
    interval: byPolicy(hour),
    isDue: () => true,
    durationSeconds: 300,
  },
  {
    ...usual,
    machine: 'server',
    path: '/growing',
    interval: byPolicy(day),
    isDue: nightly,
    sizeOn: (days) => 1e9 + days * 5e6,
  },
  {
    ...usual,
    machine: 'server',
    path: '/shrinking',
    interval: byPolicy(day),
    isDue: nightly,
    sizeOn: (days) => 1e9 * 0.995 ** days,
    filesOn: (days) => Math.round(10_000 * 0.995 ** days),
  },
  // Half of the data is absent for two days a week, and most files change each Sunday.
  {
    ...usual,
    machine: 'server',
    path: '/mail',
    interval: byPolicy(day),
    isDue: nightly,
    sizeOn: (days) => (days % 7 < 2 ? 5e8 : 1e9),
    changedShareOn: (days) => (days % 7 === 6 ? 0.6 : 0.05),
  },
  { ...usual, machine: 'server', path: '/added', interval: learned(day), isDue: nightly, from: 120 },
  {
    ...usual,
    machine: 'office',
    path: '/workdays',
    interval: learned(day),
    isDue: (moment) => nightly(moment) && onWorkdays(moment),
  },
  {
    ...usual,
    machine: 'office',
    path: '/office-hours',
    interval: learned(hour),
    isDue: (local) => onWorkdays(local) && local.hour >= 8 && local.hour <= 18,
    durationSeconds: 120,
  },
  { ...usual, machine: 'office', path: '/retired', interval: byPolicy(day), isDue: nightly, until: 200 },
  { ...usual, machine: 'office', path: '/new', interval: byPolicy(day), isDue: nightly, from: 140 },
  {
    ...usual,
    machine: 'archive',
    path: '/monthly',
    interval: learned(30.5 * day),
    isDue: (local) => local.hour === 4 && firstOfMonth.has(local.day),
  },
  {
    ...usual,
    machine: 'archive',
    path: '/weekly',
    interval: learned(7 * day),
    isDue: (local) => nightly(local) && local.weekday === 6,
  },
  // With `ignore-identical-snapshots` there is a successful attempt each night but rarely a new snapshot.
  {
    ...usual,
    machine: 'archive',
    path: '/identical',
    interval: learned(day),
    isDue: nightly,
    changedShareOn: () => 0,
  },
  { ...usual, machine: 'laptop', path: '/home', interval: learned(day), isDue: ({ hour: h }) => h === 10 },
  { ...usual, machine: 'cron', path: '/data', interval: byPolicy(day), isDue: nightly },
]
