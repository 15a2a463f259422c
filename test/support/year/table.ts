// Formats the result of the year as the table of rules/README.md.

import { day, hour, minute } from './calendar.ts'
import type { ActiveAlert } from './evaluate.ts'
import type { IncidentResult, YearResult } from './result.ts'

/** One line per alert, sorted by name, and a total. */
export function yearTable({ incidents, falseAlarms }: YearResult): string {
  const byAlert = Map.groupBy(incidents, ({ incident }) => incident.alert)
  const alerts = [...new Set([...byAlert.keys(), ...falseAlarms.map(({ alert }) => alert)])].toSorted()
  const countFalse = (alert: string) =>
    countFalseAlarms(falseAlarms.filter((active) => active.alert === alert))
  const rows = alerts.map((alert) => row(alert, byAlert.get(alert) ?? [], countFalse(alert)))
  const total = alerts.reduce((sum, alert) => sum + countFalse(alert), 0)
  return [
    '| alert | incidents | alerted | median time to alert | longest | false alarms | did not clear |',
    '|---|--:|--:|--:|--:|--:|--:|',
    ...rows,
    `| **all** | ${counts(incidents)} | | | ${total} | ${countUncleared(incidents)} |`,
  ].join('\n')
}

function row(alert: string, results: readonly IncidentResult[], countFalse: number): string {
  const times = results
    .flatMap(({ secondsToAlert = [] }) => secondsToAlert)
    .toSorted((one, other) => one - other)
  const median = times[Math.floor(times.length / 2)]
  const cells = [
    alert,
    counts(results),
    formatDuration(median),
    formatDuration(times.at(-1)),
    countFalse,
    countUncleared(results),
  ]
  return `| ${cells.join(' | ')} |`
}

function counts(results: readonly IncidentResult[]): string {
  return `${results.length} | ${results.filter(({ secondsToAlert }) => secondsToAlert !== undefined).length}`
}

function countUncleared(results: readonly IncidentResult[]): number {
  return results.filter(({ hasCleared }) => !hasCleared).length
}

/** A false alarm counts once a day for each source or machine. */
function countFalseAlarms(alerts: readonly ActiveAlert[]): number {
  return new Set(alerts.map(({ machine, path, time }) => `${machine} ${path} ${Math.floor(time / day)}`)).size
}

function formatDuration(seconds: number | undefined): string {
  if (seconds === undefined) return '–'
  if (seconds < hour) return `${Math.ceil(seconds / minute)} min`
  if (seconds < 2 * day) return `${(seconds / hour).toFixed(1)} h`
  return `${(seconds / day).toFixed(1)} d`
}
