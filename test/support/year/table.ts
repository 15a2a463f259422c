// The year's outcome for people: the table of rules/README.md.

import { day, hour, minute } from './calendar.ts'
import type { IncidentResult, Verdict } from './judge.ts'

/** One line per alert, in the order of their names, and a sum. */
export function yearTable({ incidents, falseAlarms }: Verdict): string {
  const byAlert = Map.groupBy(incidents, ({ incident }) => incident.alert)
  const alerts = [...new Set([...byAlert.keys(), ...falseAlarms.map(({ alert }) => alert)])].toSorted()
  const countFalse = (alert: string) =>
    falseAlarmsOf(falseAlarms.filter((sighting) => sighting.alert === alert))
  const rows = alerts.map((alert) => row(alert, byAlert.get(alert) ?? [], countFalse(alert)))
  const sum = alerts.reduce((total, alert) => total + countFalse(alert), 0)
  return [
    '| alert | incidents | told | median time to alert | longest | false alarms | did not clear |',
    '|---|--:|--:|--:|--:|--:|--:|',
    ...rows,
    `| **all** | ${counts(incidents)} | | | ${sum} | ${countLasting(incidents)} |`,
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
    words(median),
    words(times.at(-1)),
    countFalse,
    countLasting(results),
  ]
  return `| ${cells.join(' | ')} |`
}

function counts(results: readonly IncidentResult[]): string {
  return `${results.length} | ${results.filter(({ secondsToAlert }) => secondsToAlert !== undefined).length}`
}

function countLasting(results: readonly IncidentResult[]): number {
  return results.filter(({ hasCleared }) => !hasCleared).length
}

/** However long one lasts, it is one a day. */
function falseAlarmsOf(
  sightings: readonly { machine: string; path: string | undefined; time: number }[],
): number {
  return new Set(sightings.map(({ machine, path, time }) => `${machine} ${path} ${Math.floor(time / day)}`))
    .size
}

/** In what people reckon such times in. */
function words(seconds: number | undefined): string {
  if (seconds === undefined) return '–'
  if (seconds < hour) return `${Math.ceil(seconds / minute)} min`
  if (seconds < 2 * day) return `${(seconds / hour).toFixed(1)} h`
  return `${(seconds / day).toFixed(1)} d`
}
