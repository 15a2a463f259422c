// Formats the results of `npm run bench -- fleet-import` as the tables of deploy/FLEET.md, and reckons a larger fleet from them.

import { median } from '../test/bench/bench.ts'
import { machineWords } from '../test/bench/machine.ts'
import type { Report } from '../test/bench/report.ts'
import { withUnit } from '../test/bench/table.ts'
import { markdownTable } from './docs-tables.ts'

type Row = Report['rows'][number]

const reckonedAgents = 100_000
const heartbeatSeconds = 300
/** What is not reckoned from the figures, but a decision: how many cores the store of the larger fleet has. */
const cores = 16

/** All results as Markdown. */
export function fleetImportFigures(report: Report): string {
  const { machine, at } = report
  return [
    `Measured with \`npm run bench -- fleet-import\` on ${at.slice(0, 10)}: ${machineWords(machine)}. The machine was busy with other work (load ${machine.load}), and the simulated agents shared it with the store, so CPU times are more reliable than durations.`,
    'The agents’ own code generates the metrics, with 20 sources per agent, and their own queue retries; to save CPU, a simpler client sends them. The store’s CPU of a push includes what the store writes and merges afterwards:',
    measured(report, sizesIn(report)),
    `**Reckoned, not measured**, for ${figure(reckonedAgents)} agents, each figure in proportion to the largest fleet with which it was measured. Leave half of the CPU and memory free:`,
    markdownTable(['figure', 'reckoned'], reckoned(report)),
  ].join('\n\n')
}

/** The sizes of the measured fleets. */
function sizesIn({ rows }: Report): readonly number[] {
  return rows.flatMap(({ what }) => /^(\d+) agents: series$/.exec(what)?.[1] ?? []).map(Number)
}

/** One column for each size of the fleet. */
function measured({ rows }: Report, sizes: readonly number[]): string {
  const sizeOf = ({ what }: Row) => sizes.find((size) => what.includes(nameOf(size)))
  const names = rows.map((row) => {
    const size = sizeOf(row)
    return size === undefined ? row.what : nameWithout(row.what, nameOf(size))
  })
  const cellFor = (name: string, size: number) =>
    cellOf(rows.find((row, index) => names[index] === name && (sizeOf(row) ?? size) === size))
  return markdownTable(
    ['figure', ...sizes.map((size) => `${figure(size)} agents`)],
    [...new Set(names)].map((name) => [name, ...sizes.map((size) => cellFor(name, size))]),
  )
}

function nameOf(size: number): string {
  return `${size} agents`
}

function figure(value: number): string {
  return withUnit(value, '')
}

/** The column names the size: `heartbeats of 1000 agents: memory` is `heartbeats: memory`. */
function nameWithout(what: string, fleet: string): string {
  return what
    .replace(new RegExp(`^${fleet}: `), '')
    .replace(new RegExp(` (?:of|over) ${fleet}`), '')
    .replace(new RegExp(`^${fleet}`), 'all')
}

/** The values of pushes are their median, 95 of 100, and the longest. A test that did not finish in time has none. */
function cellOf(row: Row | undefined): string {
  if (row === undefined) return '–'
  const { unit, values } = row
  if (values.length === 0) return 'not in time'
  const [middle, most, longest] = values.map((value) => withUnit(value, unit))
  return longest === undefined ? `${middle}` : `${middle}, 95 % within ${most}, longest ${longest}`
}

function reckoned(report: Report): readonly (readonly string[])[] {
  /** The figure of one agent, from the largest fleet that has it. */
  const perAgent = (whatOf: (fleet: string) => string) => {
    for (const size of sizesIn(report).toSorted((one, other) => other - one)) {
      const row = report.rows.find(({ what }) => what === whatOf(nameOf(size)))
      if (row !== undefined) return median(row.values) / size
    }
    throw new Error(`test/bench/results/fleet-import.json: expected a row "${whatOf('N agents')}"`)
  }
  const ofAll = (whatOf: (fleet: string) => string) => perAgent(whatOf) * reckonedAgents
  /** CPU seconds of a push of every agent, from the milliseconds of one, which do not depend on the number. */
  const cpuOf = (whatOf: (fleet: string) => string) => {
    const size =
      sizesIn(report).findLast((one) => report.rows.some(({ what }) => what === whatOf(nameOf(one)))) ?? 0
    return (perAgent(whatOf) * size * reckonedAgents) / 1000
  }
  const gibibytes = (mebibytes: number) => `${figure(mebibytes / 1024)} GiB`
  const storm = (seconds: number) =>
    `${withUnit(seconds, 'CPU s')}, with ${cores} cores ${withUnit(seconds / cores, 's')}`
  const series = ofAll((fleet) => `${fleet}: series`)
  const diskPerAgent = report.rows.find(({ what }) => what === 'a day of heartbeats: disk of an agent')
  return [
    ['active series', figure(series)],
    ['samples in a second', figure(series / heartbeatSeconds)],
    [
      'CPU of the heartbeats',
      `${figure(cpuOf((fleet) => `heartbeats of ${fleet}: a push, CPU`) / heartbeatSeconds)} cores`,
    ],
    [
      'CPU of the alerts, if all are evaluated once a minute',
      `${figure(ofAll((fleet) => `all alerts over ${fleet}: an evaluation, CPU`) / 60)} cores`,
    ],
    ['memory after the heartbeats', gibibytes(ofAll((fleet) => `heartbeats of ${fleet}: memory`))],
    ['memory, with the alerts', gibibytes(ofAll((fleet) => `${fleet}: peak memory`))],
    ['disk in a day', gibibytes(median(diskPerAgent?.values ?? []) * reckonedAgents)],
    [
      'the first push of all',
      withUnit(
        cpuOf((fleet) => `${fleet}: a first push, CPU`),
        'CPU s',
      ),
    ],
    ['all at once', storm(cpuOf((fleet) => `${fleet} at once: a push, CPU`))],
    [
      'all at once, the store was killed',
      storm(cpuOf((fleet) => `${fleet} at once, the store was killed: a push, CPU`)),
    ],
  ]
}
