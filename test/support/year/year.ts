// The whole year: simulated, evaluated, and judged.

import { firingsOf } from './evaluate.ts'
import { type Incident, simulateMachine } from './machine.ts'
import { events, incidents as plans, sources } from './plan.ts'
import { createRandom, hoursOfYear, type SeriesTable } from './series.ts'

/** An alert of one source or machine, and the hours in which it fired. */
export type Alarm = {
  readonly name: string
  readonly machine: string
  readonly path: string | undefined
  readonly hours: readonly number[]
}

export type Year = { readonly incidents: readonly Incident[]; readonly alarms: readonly Alarm[] }

/** promtool loads 10,000 samples for a query at the most, and some look back over weeks: two sources at a time. */
const sourcesAtOnce = 2

/** Simulates the year of this seed and has promtool evaluate the rules over it, in `folder`. */
export async function runYear(seed: number, folder: string): Promise<Year> {
  const incidents: Incident[] = plans.map((plan) => ({ ...plan }))
  const random = createRandom(seed)
  const parts: SeriesTable[] = []
  for (const [machine, plansOfMachine = []] of Map.groupBy(sources, (source) => source.machine)) {
    const table: SeriesTable = new Map()
    const its = incidents.filter((incident) => incident.machine === machine)
    simulateMachine(machine, plansOfMachine, its, random, table)
    for (let first = 0; first < plansOfMachine.length; first += sourcesAtOnce) {
      const paths = plansOfMachine.slice(first, first + sourcesAtOnce).map(({ path }) => path)
      parts.push(withGaps(partOf(table, paths), incidents))
    }
  }
  const firings = await firingsOf(parts, folder)
  const seen = firings.filter(({ hour }) => !isIn(events.prometheusOutage, hour))
  const alarms = [...Map.groupBy(seen, ({ labels }) => [labels.alertname, machineOf(labels), labels.path].join(' '))].map(
    ([, [first, ...others]]) => ({
      name: first?.labels.alertname ?? '',
      machine: machineOf(first?.labels ?? {}),
      path: first?.labels.path,
      hours: [...new Set([first, ...others].map((firing) => firing?.hour ?? 0))].sort((one, other) => one - other),
    }),
  )
  return { incidents, alarms }
}

function machineOf(labels: Readonly<Record<string, string>>): string {
  return (labels.instance ?? '*').replace(/:\d+$/, '')
}

function partOf(table: SeriesTable, paths: readonly string[]): SeriesTable {
  return new Map(
    [...table].filter(([series]) => !series.includes(' path=') || paths.some((path) => series.includes(`path="${path}"`))),
  )
}

type Window = { readonly from: number; readonly until: number }

function isIn({ from, until }: Window, hour: number): boolean {
  return hour >= from && hour < until
}

/** Without Prometheus there is nothing, without the gateway nothing of the agents. */
function withGaps(table: SeriesTable, incidents: readonly Incident[]): SeriesTable {
  const gone = incidents.find(({ effect }) => effect === 'gateway is gone')
  const window = { from: Math.round((gone?.from ?? 0) * 24), until: Math.round((gone?.until ?? 0) * 24) }
  if (gone !== undefined) Object.assign(gone, { bitesAt: window.from, endedAt: window.until })
  const restarts: readonly number[] = events.gatewayRestarts
  for (const [series, values] of table) {
    const isOfGateway = !series.includes('job="node"')
    for (let hour = 0; hour < hoursOfYear; hour += 1) {
      const isDown = isOfGateway && (restarts.includes(hour) || isIn(window, hour))
      if (isDown || isIn(events.prometheusOutage, hour)) values[hour] = undefined
    }
  }
  return table
}
