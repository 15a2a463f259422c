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
    measured(report),
    `**Reckoned, not measured**, for ${figure(reckonedAgents)} agents, in proportion to the largest measured fleet. Leave half of the CPU and memory free:`,
    markdownTable(['figure', 'reckoned'], reckoned(report)),
  ].join('\n\n')
}

/** The sizes of the measured fleets. */
function sizesIn({ rows }: Report): readonly number[] {
  return rows.flatMap(({ what }) => /^(\d+) agents: series$/.exec(what)?.[1] ?? []).map(Number)
}

/** One column for each size of the fleet. */
function measured(report: Report): string {
  const sizes = sizesIn(report)
  const largest = nameOf(Math.max(...sizes))
  const ofFleet = report.rows.filter(({ what }) => what.includes(largest))
  const other = report.rows.filter(({ what }) => !sizes.some((size) => what.includes(nameOf(size))))
  return markdownTable(
    ['figure', ...sizes.map((size) => `${figure(size)} agents`)],
    [
      ...ofFleet.map(({ what }) => [
        nameWithout(what, largest),
        ...sizes.map((size) =>
          cellOf(report.rows.find((row) => row.what === what.replace(largest, nameOf(size)))),
        ),
      ]),
      ...other.map((row) => [row.what, ...sizes.map(() => cellOf(row))]),
    ],
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
  const of = (what: string) => {
    const row = report.rows.find((candidate) => candidate.what === what)
    if (row === undefined) throw new Error(`test/bench/results/fleet-import.json: expected a row "${what}"`)
    return median(row.values)
  }
  const measuredAgents = Math.max(...sizesIn(report))
  const name = nameOf(measuredAgents)
  const times = reckonedAgents / measuredAgents
  const pushesPerSecond = reckonedAgents / heartbeatSeconds
  const coresOf = (pushMs: number) => `${figure((pushesPerSecond * pushMs) / 1000)} cores`
  const stormSeconds = (what: string) => (of(`${what}: a push, CPU`) * reckonedAgents) / 1000
  const samplesPerSecond = (of(`${name}: series`) / measuredAgents) * pushesPerSecond
  const gibibytes = (mebibytes: number) => `${figure(mebibytes / 1024)} GiB`
  const storm = (what: string) =>
    `${withUnit(stormSeconds(what), 'CPU s')}, with ${cores} cores ${withUnit(stormSeconds(what) / cores, 's')}`
  return [
    ['active series', figure(of(`${name}: series`) * times)],
    ['samples in a second', figure(samplesPerSecond)],
    ['CPU of the heartbeats', coresOf(of(`heartbeats of ${name}: a push, CPU`))],
    [
      'CPU of the alerts, if all are evaluated once a minute',
      `${figure((of(`all alerts over ${name}: an evaluation, CPU`) * times) / 60)} cores`,
    ],
    ['memory', gibibytes(of(`${name}: peak memory`) * times)],
    ['disk in a day', gibibytes(of('a day of heartbeats: disk of an agent') * reckonedAgents)],
    ['all at once', storm(`${name} at once`)],
    ['all at once, the store was killed', storm(`${name} at once, the store was killed`)],
  ]
}
