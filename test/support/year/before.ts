// How long the alerts took in the same year while the rules looked back over weeks themselves, instead of comparing with the
// agent's deadlines, baselines and limits. Measured once, with the last such rules.

import type { Incident } from './incidents.ts'

/** In seconds; undefined for an incident that raised no alert. */
const seconds: Readonly<Record<string, number | undefined>> = {
  'KopiaBackupOverdue server/hourly': 6806,
  'KopiaBackupOverdue server/shrinking': 49_078,
  'KopiaBackupOverdue server/added': 49_338,
  'KopiaBackupOverdue office/workdays': 49_817,
  'KopiaBackupOverdue office/office-hours': 15_483,
  // The longest gap of the schedule, a weekend, counted for each day.
  'KopiaBackupOverdue office/evenings': undefined,
  // There was no such setting.
  'KopiaBackupOverdue office/projects': undefined,
  'KopiaBackupOverdue archive/monthly': 1_345_161,
  'KopiaBackupOverdue archive/weekly': 309_012,
  'KopiaBackupOverdue archive/identical': 49_920,
  'KopiaBackupOverdue laptop/home': 101_013,
  'KopiaBackupOverdue cron/data': 49_830,
  'KopiaBackupNeverSucceeded office/new': 88_342,
  'KopiaBackupStuck server/growing': 11_442,
  'KopiaBackupStuck office/workdays': 11_621,
  'KopiaBackupStuck office/first': 605_545,
  'KopiaBackupSizeDropped server/growing': 137,
  'KopiaBackupSizeDropped server/shrinking': 16,
  'KopiaBackupSizeDropped office/workdays': 172,
  'KopiaBackupMassChange server/growing': 88,
  'KopiaBackupMassChange office/workdays': 285,
}

/** Whether the agent decides the alert of this incident now. */
export function isDecidedByAgent(incident: Incident): boolean {
  return nameOf(incident) in seconds
}

/** The time to alert before, in seconds; undefined if there was no alert. */
export function secondsBefore(incident: Incident): number | undefined {
  return seconds[nameOf(incident)]
}

function nameOf({ alert, machine, path = '' }: Incident): string {
  return `${alert} ${machine}${path}`
}
