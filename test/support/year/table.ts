// Formats the result of the year as the tables of rules/README.md.

import { isDecidedByAgent, secondsBefore } from './before.ts'
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

/** One line per alert that the agent decides now, with the figures of the rules before. */
export function comparisonTable({ incidents }: YearResult): string {
  const compared = incidents.filter(({ incident }) => isDecidedByAgent(incident))
  const rows = [...Map.groupBy(compared, ({ incident }) => incident.alert)]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([alert, results]) => {
      const before = timesOf(results.map(({ incident }) => secondsBefore(incident)))
      const after = timesOf(results.map(({ secondsToAlert }) => secondsToAlert))
      const cells = [
        alert,
        results.length,
        `${before.length} → ${after.length}`,
        `${formatDuration(medianOf(before))} → ${formatDuration(medianOf(after))}`,
        `${formatDuration(before.at(-1))} → ${formatDuration(after.at(-1))}`,
      ]
      return `| ${cells.join(' | ')} |`
    })
  return [
    '| alert | incidents | alerted | median time to alert | longest |',
    '|---|--:|--:|--:|--:|',
    ...rows,
  ].join('\n')
}

/** Sorted. */
function timesOf(seconds: readonly (number | undefined)[]): readonly number[] {
  return seconds.filter((one) => one !== undefined).toSorted((one, other) => one - other)
}

function medianOf(sorted: readonly number[]): number | undefined {
  return sorted[Math.floor(sorted.length / 2)]
}

function row(alert: string, results: readonly IncidentResult[], countFalse: number): string {
  const times = timesOf(results.map(({ secondsToAlert }) => secondsToAlert))
  const cells = [
    alert,
    counts(results),
    formatDuration(medianOf(times)),
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
