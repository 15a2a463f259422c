// What goes wrong in the year, and what happens that must alarm nobody.

import { at, minute, summer } from './calendar.ts'
import type { Machine } from './plan.ts'
import type { Window } from './tracks.ts'

/** With one source's backups. */
export const sourceEffects = [
  'fails',
  'does not run',
  'hangs',
  'loses half',
  'is changed',
  'has unreadable files',
  'has ignored errors',
] as const

/** With a machine, the storage, or the gateway. */
export const machineEffects = [
  'machine is gone',
  'pushes are refused',
  'repository is unreachable',
  'repository fills up',
  'verify fails',
  'verify is not run',
  'maintenance is not run',
  'disk is full',
  'memory is low',
  'clock is wrong',
  'gateway is gone',
] as const

export type SourceEffect = (typeof sourceEffects)[number]
export type Effect = SourceEffect | (typeof machineEffects)[number]

/** Alerts that tell the truth while this lasts, beside the one that is meant. */
export const consequences: Readonly<Partial<Record<Effect, readonly string[]>>> = {
  // What fails for long is overdue as well.
  fails: ['KopiaBackupFailed', 'KopiaBackupOverdue'],
  'has unreadable files': ['KopiaBackupFailed', 'KopiaBackupOverdue'],
  // Ended by hand it has failed, until it is taken again.
  hangs: ['KopiaBackupFailed', 'KopiaBackupOverdue'],
  // Alertmanager hides these behind the machine's own alert.
  'machine is gone': ['KopiaBackupOverdue'],
  'pushes are refused': ['KopiaBackupOverdue'],
}

/** `path` where it is one source's; machine `*`: all of them. */
export type Incident = Window & {
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
  incident('hangs', 'KopiaBackupStuck', 'server/growing', 60, 1),
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
  incident('maintenance is not run', 'KopiaMaintenanceOverdue', 'office', 280, 7),
  incident('repository fills up', 'KopiaRepositoryFillingUp', 'archive', 250, 12),
  incident('repository is unreachable', 'KopiaRepositoryUnreachable', 'archive', 265.3, 0.3),
  incident('machine is gone', 'KopiaAgentSilent', 'server', 290.2, 0.5),
  incident('machine is gone', 'KopiaAgentSilent', 'office', 330, 3),
  incident('pushes are refused', 'KopiaPushRejected', 'archive', 275.4, 0.3),
  incident('gateway is gone', 'KopiaMetricsMissing', '*', 340.3, 0.25),
  incident('disk is full', 'KopiaHostDiskFull', 'server', 20, 1),
  incident('memory is low', 'KopiaHostMemoryLow', 'server', 25, 0.3),
  incident('clock is wrong', 'KopiaHostClockWrong', 'server', 33, 2),
]

const lasting = (from: number, seconds: number): Window => ({ from, until: from + seconds })

/** The gateway keeps nothing (it runs without --persistence.file): each group comes back with its next push. */
export const gatewayRestarts = [15.1, 77.6, 192.05, 320.4].map((days) => lasting(at(days), 10 * minute))
/** The agent is stopped for a moment, and its version is another one then. */
export const agentUpgrades = [45.6, 137.03, 222.4].map((days) => lasting(at(days), 7 * minute))
/** Evaluates nothing, and has nothing of this time afterwards. */
export const prometheusOutage: Window = { from: at(160.75), until: at(162) }
/** The laptop is elsewhere. */
export const laptopAway: Window = { from: at(185), until: at(199) }

/** Around which every alert is looked at closely: of one machine, or of all. */
export type SpecialMoment = {
  readonly time: number
  readonly machine?: Machine
  /** What goes by the time of day and week needs weeks of history to be seen. */
  readonly hasHistory: boolean
}

export const specialMoments: readonly SpecialMoment[] = [
  { time: summer.from, hasHistory: true },
  { time: summer.until, hasHistory: true },
  ...[...gatewayRestarts, ...agentUpgrades].map(({ from }) => ({ time: from, hasHistory: false })),
  { time: prometheusOutage.until, hasHistory: false },
  { time: laptopAway.until, machine: 'laptop', hasHistory: true },
  // Sources that are added, and one that is retired.
  { time: at(120), machine: 'server', hasHistory: false },
  { time: at(140), machine: 'office', hasHistory: false },
  { time: at(200), machine: 'office', hasHistory: false },
]
