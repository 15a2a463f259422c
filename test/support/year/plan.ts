// The year: which machines and sources there are, and what goes wrong when. Hours count from a Monday, 1 January, 0:00.

export type SourcePlan = {
  readonly machine: string
  readonly path: string
  readonly interval: { readonly seconds: number; readonly origin: 'policy' | 'learned' }
  /** Whether a backup ends in this hour of local time. */
  readonly isDue: (moment: Moment) => boolean
  readonly durationSeconds: number
  readonly sizeOn: (day: number) => number
  readonly filesOn: (day: number) => number
  readonly changedShareOn: (day: number) => number
  /** Days of the year; the whole year where nothing is said. */
  readonly from?: number
  readonly until?: number
}

export type Moment = { readonly day: number; readonly weekday: number; readonly hour: number }

const day = 86_400
const usual = {
  durationSeconds: 1800,
  sizeOn: () => 1e9,
  filesOn: () => 10_000,
  changedShareOn: () => 0.01,
}
const nightly = ({ hour }: Moment) => hour === 2
const firstOfMonth: ReadonlySet<number> = new Set([0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334])
const byPolicy = (seconds: number) => ({ seconds, origin: 'policy' }) as const
const learned = (seconds: number) => ({ seconds, origin: 'learned' }) as const

export const sources: readonly SourcePlan[] = [
  { ...usual, machine: 'server', path: '/hourly', interval: byPolicy(3600), isDue: () => true, durationSeconds: 300 },
  {
    ...usual,
    machine: 'office',
    path: '/weekdays',
    interval: learned(day),
    isDue: (moment) => nightly(moment) && moment.weekday < 5,
  },
  {
    ...usual,
    machine: 'office',
    path: '/office-hours',
    interval: learned(3600),
    isDue: ({ weekday, hour }) => weekday < 5 && hour >= 8 && hour <= 18,
    durationSeconds: 120,
  },
  { ...usual, machine: 'laptop', path: '/home', interval: learned(day), isDue: ({ hour }) => hour === 10 },
  {
    ...usual,
    machine: 'archive',
    path: '/monthly',
    interval: learned(30.5 * day),
    isDue: (moment) => moment.hour === 4 && firstOfMonth.has(moment.day),
  },
  { ...usual, machine: 'archive', path: '/weekly', interval: learned(7 * day), isDue: (m) => nightly(m) && m.weekday === 6 },
  {
    ...usual,
    machine: 'archive',
    path: '/identical',
    interval: learned(20 * day),
    isDue: nightly,
    changedShareOn: () => 0,
  },
  { ...usual, machine: 'server', path: '/growing', interval: byPolicy(day), isDue: nightly, sizeOn: (d) => 1e9 + d * 5e6 },
  {
    ...usual,
    machine: 'server',
    path: '/shrinking',
    interval: byPolicy(day),
    isDue: nightly,
    sizeOn: (d) => 1e9 * 0.995 ** d,
    filesOn: (d) => Math.round(10_000 * 0.995 ** d),
  },
  { ...usual, machine: 'server', path: '/added', interval: learned(day), isDue: nightly, from: 120 },
  { ...usual, machine: 'office', path: '/retired', interval: byPolicy(day), isDue: nightly, until: 200 },
  {
    ...usual,
    machine: 'server',
    path: '/mail',
    interval: byPolicy(day),
    isDue: nightly,
    sizeOn: (d) => (d % 7 < 2 ? 5e8 : 1e9),
    changedShareOn: (d) => (d % 7 === 6 ? 0.6 : 0.05),
  },
  { ...usual, machine: 'cron', path: '/data', interval: byPolicy(day), isDue: nightly },
]

/** What goes wrong: with one source's backups, or with a machine. */
export type Effect =
  | 'fails'
  | 'does not run'
  | 'hangs'
  | 'loses half'
  | 'is changed'
  | 'has unreadable files'
  | 'has ignored errors'
  | 'machine is gone'
  | 'pushes are refused'
  | 'repository is unreachable'
  | 'repository fills up'
  | 'verify fails'
  | 'verify is not run'
  | 'maintenance is not run'
  | 'disk is full'
  | 'memory is low'
  | 'clock is wrong'
  | 'gateway is gone'

export type IncidentPlan = {
  readonly effect: Effect
  readonly alert: string
  readonly machine: string
  readonly path?: string
  /** Days of the year. */
  readonly from: number
  readonly until: number
}

const incident = (
  effect: Effect,
  alert: string,
  [machine = '', path = '']: readonly string[],
  from: number,
  days: number,
): IncidentPlan => ({ effect, alert, machine, from, until: from + days, ...(path !== '' && { path: `/${path}` }) })

export const incidents: readonly IncidentPlan[] = [
  incident('fails', 'KopiaBackupFailed', ['office', 'weekdays'], 29, 1),
  incident('fails', 'KopiaBackupFailed', ['server', 'hourly'], 40.5, 0.25),
  incident('fails', 'KopiaBackupFailed', ['archive', 'monthly'], 90, 31),
  incident('fails', 'KopiaBackupFailed', ['server', 'growing'], 301, 2),
  incident('does not run', 'KopiaBackupOverdue', ['server', 'hourly'], 50.4, 0.4),
  incident('does not run', 'KopiaBackupOverdue', ['office', 'weekdays'], 71, 3),
  incident('does not run', 'KopiaBackupOverdue', ['office', 'office-hours'], 100.5, 2),
  incident('does not run', 'KopiaBackupOverdue', ['laptop', 'home'], 130, 6),
  incident('does not run', 'KopiaBackupOverdue', ['archive', 'monthly'], 150, 40),
  incident('does not run', 'KopiaBackupOverdue', ['archive', 'weekly'], 200, 14),
  incident('does not run', 'KopiaBackupOverdue', ['archive', 'identical'], 310, 50),
  incident('does not run', 'KopiaBackupOverdue', ['server', 'added'], 170, 4),
  incident('does not run', 'KopiaBackupOverdue', ['cron', 'data'], 180, 4),
  incident('does not run', 'KopiaBackupOverdue', ['server', 'growing'], 86, 3),
  incident('hangs', 'KopiaBackupStuck', ['server', 'growing'], 60.1, 1),
  incident('hangs', 'KopiaBackupStuck', ['office', 'weekdays'], 260.1, 1),
  incident('loses half', 'KopiaBackupSizeDropped', ['server', 'growing'], 110, 2),
  incident('loses half', 'KopiaBackupSizeDropped', ['server', 'shrinking'], 210, 2),
  incident('loses half', 'KopiaBackupSizeDropped', ['office', 'weekdays'], 225, 2),
  incident('is changed', 'KopiaBackupMassChange', ['server', 'growing'], 230, 1),
  incident('is changed', 'KopiaBackupMassChange', ['office', 'weekdays'], 148, 1),
  incident('has unreadable files', 'KopiaBackupFilesUnreadable', ['server', 'shrinking'], 240, 2),
  incident('has ignored errors', 'KopiaBackupFilesUnreadable', ['archive', 'identical'], 245, 4),
  incident('verify fails', 'KopiaCommandFailed', ['server'], 56, 7),
  incident('verify is not run', 'KopiaVerifyOverdue', ['server'], 270, 40),
  incident('maintenance is not run', 'KopiaMaintenanceOverdue', ['office'], 280, 7),
  incident('repository fills up', 'KopiaRepositoryFillingUp', ['archive'], 250, 12),
  incident('repository is unreachable', 'KopiaRepositoryUnreachable', ['archive'], 265.3, 0.3),
  incident('machine is gone', 'KopiaAgentSilent', ['server'], 290.2, 0.5),
  incident('machine is gone', 'KopiaAgentSilent', ['office'], 330, 3),
  incident('pushes are refused', 'KopiaPushRejected', ['archive'], 275.4, 0.3),
  incident('gateway is gone', 'KopiaMetricsMissing', ['*'], 340.3, 0.25),
  incident('disk is full', 'KopiaHostDiskFull', ['server'], 20, 1),
  incident('memory is low', 'KopiaHostMemoryLow', ['server'], 25, 0.3),
  incident('clock is wrong', 'KopiaHostClockWrong', ['server'], 33, 2),
]

/** Hours. No alarm may come of any of these. */
export const events = {
  /** Of daylight-saving time. */
  summer: { from: 87 * 24 + 1, until: 297 * 24 + 1 },
  gatewayRestarts: [15 * 24 + 3, 77 * 24 + 14, 192 * 24 + 2, 320 * 24 + 9],
  prometheusOutage: { from: 160 * 24 + 18, until: 162 * 24 },
  agentUpgrades: [45 * 24, 137 * 24, 222 * 24],
  /** Days on which the laptop is elsewhere or asleep. */
  laptopAway: { from: 185, until: 199 },
} as const
