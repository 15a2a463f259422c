// Formats the results of `npm run bench -- fleet-import` as the tables of deploy/FLEET.md, and reckons a larger fleet from them.

import { median } from '../test/bench/bench.ts'
import { machineWords } from '../test/bench/machine.ts'
import type { Report } from '../test/bench/report.ts'
import { withUnit } from '../test/bench/table.ts'
import { markdownTable } from './docs-tables.ts'

const measuredAgents = 10_000
const reckonedAgents = 100_000
const heartbeatSeconds = 300
/** What is not reckoned from the figures, but a decision: how many cores the store of the larger fleet has. */
const cores = 16

/** All results as Markdown. */
export function fleetImportFigures(report: Report): string {
  const { machine, at } = report
  return [
    `Measured with \`npm run bench -- fleet-import\` on ${at.slice(0, 10)}: ${machineWords(machine)}. The machine was busy with other work (load ${machine.load}), and the simulated agents shared it with the store, so CPU times are more reliable than durations.`,
    'The agents’ own code generates the metrics, with 20 sources per agent, and their own queue retries; to save CPU they send them by a simpler client. A push of the store’s CPU includes what it writes and merges afterwards:',
    markdownTable(['figure', 'measured'], report.rows.filter(isShown).map(cellsOf)),
    `**Reckoned, not measured**, for ${reckonedAgents.toLocaleString('en')} agents: ten times the above. Leave half of the CPU and memory free:`,
    markdownTable(['figure', 'reckoned'], reckoned(report)),
  ].join('\n\n')
}

function isShown({ what }: Report['rows'][number]): boolean {
  return !what.includes('CPU of the simulated agent') || what.includes('at once: ')
}

/** Of a push the longest, else the median; a test that did not finish in time has no value. */
function cellsOf({ what, unit, values }: Report['rows'][number]): readonly string[] {
  if (values.length === 0) return [what, 'not in time']
  const isPush = unit === 'ms' && values.length > 1
  if (!isPush) return [what, withUnit(median(values), unit)]
  return [
    `${what}: median, longest`,
    `${withUnit(median(values), unit)}, ${withUnit(Math.max(...values), unit)}`,
  ]
}

function reckoned(report: Report): readonly (readonly string[])[] {
  const of = (what: string) => {
    const row = report.rows.find((candidate) => candidate.what === what)
    if (row === undefined) throw new Error(`test/bench/results/fleet-import.json: expected a row "${what}"`)
    return median(row.values)
  }
  const name = `${measuredAgents} agents`
  const times = reckonedAgents / measuredAgents
  const pushesPerSecond = reckonedAgents / heartbeatSeconds
  const coresOf = (pushMs: number) => `${withUnit((pushesPerSecond * pushMs) / 1000, '')} cores`
  const stormSeconds = (what: string) => (of(`${what}: a push, CPU`) * reckonedAgents) / 1000
  const samplesPerSecond = (of(`${name}: series`) / measuredAgents) * pushesPerSecond
  const gibibytes = (mebibytes: number) => `${withUnit(mebibytes / 1024, '')} GiB`
  const storm = (what: string) =>
    `${withUnit(stormSeconds(what), 'CPU s')}, with ${cores} cores ${withUnit(stormSeconds(what) / cores, 's')}`
  return [
    ['active series', withUnit(of(`${name}: series`) * times, '')],
    ['samples in a second', withUnit(samplesPerSecond, '')],
    ['CPU of the heartbeats', coresOf(of(`heartbeats of ${name}: a push, CPU`))],
    [
      'CPU of all alerts once a minute',
      `${withUnit((of(`all alerts over ${name}: an evaluation, CPU`) * times) / 60, '')} cores`,
    ],
    ['memory', gibibytes(of(`${name}: peak memory`) * times)],
    ['disk in a day', gibibytes(of('a day of heartbeats: disk of an agent') * reckonedAgents)],
    ['all at once', storm(`${name} at once`)],
    ['all at once, the store was killed', storm(`${name} at once, the store was killed`)],
  ]
}
