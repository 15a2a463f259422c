// Alert, `status` and dashboards call the same sources overdue at the same times, over all of a simulated year.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Status } from '../../agent/status/status.ts'
import { sources, states } from '../../dashboards/src/queries/sources.ts'
import { interpolate } from '../support/dashboards/interpolate.ts'
import { temporaryFolder } from '../support/folder.ts'
import { hour } from '../support/year/calendar.ts'
import { eachOnACore, seriesIn } from '../support/year/evaluate.ts'
import { prometheusOutage } from '../support/year/incidents.ts'
import type { MachineYear } from '../support/year/machine.ts'
import { samplesOf, type TimeRange } from '../support/year/tracks.ts'
import { type EvaluationWindow, year } from '../support/year/windows.ts'
import { seedOfTheYear, simulateYear } from '../support/year/year.ts'

const alertNames = ['KopiaBackupOverdue', 'KopiaBackupNeverSucceeded'] as const
/** Pending alerts count, since the status does not wait. */
const alerts = `ALERTS{alertname=~"${alertNames.join('|')}"}`
const shown = `(${interpolate(
  sources.state,
  { range: { from: 0, to: hour }, intervalSeconds: hour, scrapeIntervalSeconds: 60 },
  new Map(['site', 'job', 'instance', 'host', 'path'].map((name) => [name, '.*'])),
)}) == ${states.overdue}`

/** How often the three are compared, in seconds: at each hour of the day within five days. */
const every = 5 * hour
const times = Array.from(
  { length: Math.floor((year.until - year.from) / every) + 1 },
  (_, index) => year.from + index * every,
)

/** Sources at a time, each as text: `2029-03-13T17:00:00.000Z server/added`. */
type Late = {
  /** Those whose deadline is over. */
  readonly late: readonly string[]
  /** Those of them that are in the state `overdue`, and not in a worse one. */
  readonly overdue: readonly string[]
}

test('a source is overdue in the status, for the alert and on the dashboards at the same times', async (context) => {
  const byStatus: Late[] = []
  const machineYears = simulateYear(seedOfTheYear, (_, time, status) => {
    if ((time - year.from) % every === 0) byStatus.push(lateIn(status()))
  })
  const folder = await temporaryFolder(context)
  const found = await eachOnACore(halves, (half, index) =>
    seriesIn(windowOf(machineYears, half), [alerts, shown], machineYears, join(folder, `half-${index}`)),
  )
  const hasMetrics = metricsIn(machineYears)
  const compared = (texts: readonly string[]) => [...new Set(texts)].filter(hasMetrics).toSorted()
  const foundBy = (query: string) =>
    compared(
      found
        .flat()
        .filter((series) => series.query === query)
        .map(({ time, labels: { host = '', path = '' } }) => textOf(time, host, path)),
    )
  const late = compared(byStatus.flatMap((status) => status.late))
  for (const name of everLate)
    assert.ok(
      late.some((text) => text.endsWith(` ${name}`)),
      `${name} is never overdue`,
    )
  assert.deepEqual(foundBy(alerts), late, 'alert and status')
  assert.deepEqual(
    foundBy(shown),
    compared(byStatus.flatMap(({ overdue }) => overdue)),
    'dashboards and status',
  )
})

/** By schedule, by setting, learned by the hour, by the day and by the month, asleep, without a daemon, and never good. */
const everLate: readonly string[] = [
  'office/evenings',
  'office/projects',
  'office/office-hours',
  'office/workdays',
  'archive/monthly',
  'laptop/home',
  'cron/data',
  'office/new',
  'office/first',
]

const middle = year.from + Math.floor(times.length / 2) * every
const halves: readonly TimeRange[] = [
  { from: year.from, until: middle - every },
  { from: middle, until: year.until },
]

function windowOf(machineYears: readonly MachineYear[], range: TimeRange): EvaluationWindow {
  const seconds = { sampleSeconds: every, evaluationSeconds: every }
  return { machineYears, alerts: alertNames, counts: 'pending', ...seconds, ...range }
}

function lateIn({ sources: all, at }: Status): Late {
  const textsOf = (some: Status['sources']) => some.map(({ source }) => textOf(at, source.host, source.path))
  return {
    late: textsOf(all.filter(({ overdueSince }) => overdueSince !== undefined)),
    overdue: textsOf(all.filter(({ state }) => state === 'overdue')),
  }
}

function textOf(time: number, host: string, path: string): string {
  return `${new Date(time * 1000).toISOString()} ${host}${path}`
}

/** Whether Prometheus evaluates at that time, and the gateway has the metrics of the machine. */
function metricsIn(machineYears: readonly MachineYear[]): (text: string) => boolean {
  const known = machineYears.flatMap(({ tracks, machine }) => {
    const steps = tracks.get(`push_time_seconds{job="kopia", instance="${machine}"}`) ?? []
    const samples = samplesOf(steps, year, every, prometheusOutage)
    return samples.flatMap((sample, index) =>
      sample === undefined ? [] : [textOf(year.from + index * every, machine, '')],
    )
  })
  const prefixes = new Set(known)
  return (text) => prefixes.has(text.slice(0, text.indexOf('/')))
}
