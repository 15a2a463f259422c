// The incidents of the year, and the events that must not raise an alert.

import { at, minute, summer } from './calendar.ts'
import type { Machine } from './plan.ts'
import type { TimeRange } from './tracks.ts'

/** Effects on the backups of one source. */
export const sourceEffects = [
  'fails',
  'does not run',
  'hangs',
  'loses half',
  'is changed',
  'has unreadable files',
  'has ignored errors',
] as const

/** Effects on a machine, the storage, the gateway, or the verifications of one source. */
export const machineEffects = [
  'machine is down',
  'pushes are rejected',
  'repository is unreachable',
  'repository fills up',
  'verify fails',
  'verify is not run',
  'maintenance is not run',
  'disk is full',
  'memory is low',
  'clock is wrong',
  'gateway is down',
  'repository is replaced',
  'logs are elsewhere',
  'runs are unattributed',
  'agent is outdated',
  'pack is damaged',
  'is not verified',
] as const

export type SourceEffect = (typeof sourceEffects)[number]
export type Effect = SourceEffect | (typeof machineEffects)[number]

/** Other alerts that are correct during an incident, besides its own. */
export const consequences: Readonly<Partial<Record<Effect, readonly string[]>>> = {
  // A source that fails for long is also overdue.
  fails: ['KopiaBackupFailed', 'KopiaBackupOverdue'],
  'has unreadable files': ['KopiaBackupFailed', 'KopiaBackupOverdue'],
  // A run that is killed has failed, until the next run succeeds. If it was the first one, there is no success yet.
  hangs: ['KopiaBackupFailed', 'KopiaBackupOverdue', 'KopiaBackupNeverSucceeded'],
  // Alertmanager inhibits these while the machine's own alert fires.
  'machine is down': ['KopiaBackupOverdue'],
  'pushes are rejected': ['KopiaBackupOverdue'],
}

/** `path` is set if the incident affects one source. The machine `*` means all machines. */
export type Incident = TimeRange & {
  readonly effect: Effect
  readonly alert: string
  readonly machine: Machine | '*'
  readonly path?: string
}

function incident(effect: Effect, alert: string, where: string, fromDay: number, days: number): Incident {
  const [machine = '*', path] = where.split('/')
  return {
    effect,
    alert,
    machine: machine as Incident['machine'],
    ...(path !== undefined && { path: `/${path}` }),
    from: at(fromDay),
    until: at(fromDay + days),
  }
}

export const incidents: readonly Incident[] = [
  incident('fails', 'KopiaBackupFailed', 'office/workdays', 29, 1),
  incident('fails', 'KopiaBackupFailed', 'server/hourly', 40.5, 0.25),
  incident('fails', 'KopiaBackupFailed', 'archive/monthly', 89, 30),
  incident('fails', 'KopiaBackupFailed', 'server/growing', 299, 2),
  incident('fails', 'KopiaBackupNeverSucceeded', 'office/new', 140, 3),
  incident('does not run', 'KopiaBackupOverdue', 'server/hourly', 50.4, 0.4),
  incident('does not run', 'KopiaBackupOverdue', 'office/workdays', 71, 3),
  incident('does not run', 'KopiaBackupOverdue', 'office/office-hours', 100.5, 2),
  incident('does not run', 'KopiaBackupOverdue', 'laptop/home', 130, 6),
  incident('does not run', 'KopiaBackupOverdue', 'archive/monthly', 150, 40),
  incident('does not run', 'KopiaBackupOverdue', 'archive/weekly', 200, 14),
  incident('does not run', 'KopiaBackupOverdue', 'archive/identical', 308, 50),
  incident('does not run', 'KopiaBackupOverdue', 'server/added', 170, 4),
  incident('does not run', 'KopiaBackupOverdue', 'cron/data', 180, 4),
  incident('does not run', 'KopiaBackupOverdue', 'server/shrinking', 82, 3),
  // A Tuesday evening.
  incident('does not run', 'KopiaBackupOverdue', 'office/evenings', 197.5, 1),
  incident('does not run', 'KopiaBackupOverdue', 'office/projects', 105, 1),
  incident('hangs', 'KopiaBackupStuck', 'server/growing', 60, 1),
  incident('hangs', 'KopiaBackupStuck', 'office/first', 205, 9),
  incident('hangs', 'KopiaBackupStuck', 'office/workdays', 260, 1),
  incident('loses half', 'KopiaBackupSizeDropped', 'server/growing', 110, 2),
  incident('loses half', 'KopiaBackupSizeDropped', 'server/shrinking', 210, 2),
  incident('loses half', 'KopiaBackupSizeDropped', 'office/workdays', 225, 2),
  incident('is changed', 'KopiaBackupMassChange', 'server/growing', 230, 1),
  incident('is changed', 'KopiaBackupMassChange', 'office/workdays', 148, 1),
  incident('has unreadable files', 'KopiaBackupFilesUnreadable', 'server/shrinking', 240, 2),
  incident('has ignored errors', 'KopiaBackupFilesUnreadable', 'archive/identical', 245, 4),
  incident('verify fails', 'KopiaCommandFailed', 'server', 55, 7),
  incident('verify is not run', 'KopiaVerifyOverdue', 'server', 265, 40),
  // The agent of office verifies each Sunday. It finds the damage after four days; the other source misses two turns.
  incident('pack is damaged', 'KopiaVerifyFailed', 'office/projects', 303.4, 7),
  incident('is not verified', 'KopiaVerifyOverdue', 'office/office-hours', 252, 19),
  incident('maintenance is not run', 'KopiaMaintenanceOverdue', 'office', 280, 7),
  incident('repository fills up', 'KopiaRepositoryFillingUp', 'archive', 250, 12),
  incident('repository is unreachable', 'KopiaRepositoryUnreachable', 'archive', 265.3, 0.3),
  incident('repository is replaced', 'KopiaRepositoryChanged', 'archive', 225.4, 0.3),
  // One backup that nobody explains alerts for 26 hours.
  incident('logs are elsewhere', 'KopiaLogsElsewhere', 'server', 310.2, 26 / 24),
  incident('runs are unattributed', 'KopiaRunsUnattributed', 'office', 315.2, 26 / 24),
  // An older version, which decides no limits, is installed for a day.
  incident('agent is outdated', 'KopiaAgentOutdated', 'archive', 60.4, 1),
  incident('machine is down', 'KopiaAgentSilent', 'server', 290.2, 0.5),
  incident('machine is down', 'KopiaAgentSilent', 'office', 330, 3),
  incident('pushes are rejected', 'KopiaPushRejected', 'archive', 275.4, 0.3),
  incident('gateway is down', 'KopiaMetricsMissing', '*', 340.3, 0.25),
  incident('disk is full', 'KopiaHostDiskFull', 'server', 20, 1),
  incident('memory is low', 'KopiaHostMemoryLow', 'server', 25, 0.3),
  incident('clock is wrong', 'KopiaHostClockWrong', 'server', 33, 2),
]

const lasting = (from: number, seconds: number): TimeRange => ({ from, until: from + seconds })

/** The gateway runs without --persistence.file, so each group returns with its next push. */
export const gatewayRestarts = [15.1, 77.6, 192.05, 320.4].map((days) => lasting(at(days), 10 * minute))
/** The agent stops for some minutes and returns with a new version. */
export const agentUpgrades = [45.6, 137.03, 222.4].map((days) => lasting(at(days), 7 * minute))
/** Prometheus evaluates no rules and stores no samples. */
export const prometheusOutage: TimeRange = { from: at(160.75), until: at(162) }
/** The laptop is off for two weeks. */
export const laptopAway: TimeRange = { from: at(185), until: at(199) }

/** A time around which all alerts are evaluated closely. */
export type SpecialTime = {
  readonly time: number
  /** Whether the deadlines of the next two weeks depend on it, since intervals are learned by the time of the week. */
  readonly movesDeadlines: boolean
}

export const specialTimes: readonly SpecialTime[] = [
  { time: summer.from, movesDeadlines: true },
  { time: summer.until, movesDeadlines: true },
  ...[...gatewayRestarts, ...agentUpgrades].map(({ from }) => ({ time: from, movesDeadlines: false })),
  { time: prometheusOutage.until, movesDeadlines: false },
  { time: laptopAway.until, movesDeadlines: true },
  // Two sources are added, and one is retired.
  { time: at(120), movesDeadlines: false },
  { time: at(140), movesDeadlines: false },
  { time: at(200), movesDeadlines: false },
]
