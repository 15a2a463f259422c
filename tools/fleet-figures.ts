// Formats the results of `npm run bench -- fleet` as the tables of deploy/FLEET.md.

import { median, type Unit } from '../test/bench/bench.ts'
import { machineWords } from '../test/bench/machine.ts'
import type { Report } from '../test/bench/report.ts'
import { withUnit } from '../test/bench/table.ts'

const sizes = [16, 100, 300, 1000] as const
const starts = [
  ['100', 'with the check', '10'],
  ['300', 'with the check', '10'],
  ['300', 'with the check', '60'],
  ['100', 'without the check', '10'],
  ['300', 'without the check', '10'],
  ['1000', 'without the check', '10'],
] as const
const heartbeats = [
  ['300', 'with the check'],
  ['1000', 'with the check'],
  ['1000', 'without the check'],
] as const

/** Formats one measurement; by default the median of its values. */
type Cell = (what: string, of?: (values: readonly number[]) => number) => string

/** All results as Markdown. */
export function fleetFigures(report: Report): string {
  const { machine, at } = report
  const cell = cellsOf(report)
  return [
    `Measured with \`npm run bench -- fleet\` on ${at.slice(0, 10)}: ${machineWords(machine)}. The machine was busy with other work (load ${machine.load}), so CPU times are more reliable than durations.`,
    'The agents’ own code generates the metrics, with 20 sources per agent. The gateways are Debian’s 1.5 and 1.11.1. One push, by the number of agents in the gateway:',
    pushTable(cell),
    'After a power failure all agents push at once to a gateway that already has their groups. The test waits two minutes (gateway 1.5):',
    startTable(cell),
    'Heartbeats during one of their five minutes (gateway 1.5):',
    heartbeatTable(cell),
    'One Prometheus 2.42 for 1,000 agents, with the project’s configuration and rules, after some minutes:',
    table(
      ['figure', 'measured'],
      report.rows
        .filter(({ what }) => what.startsWith('Prometheus, '))
        .map(({ what }) => [what.replace(/^Prometheus, 1000 agents: /, ''), cell(what)]),
    ),
    'One evaluation of the alerts over all sources, each with as much history as the alerts read (a sample a minute), and the most samples that one of them holds in memory:',
    table(
      ['figure', 'measured'],
      report.rows.filter(({ what }) => isOfHistory(what)).map(({ what }) => [what, cell(what)]),
    ),
  ].join('\n\n')
}

function cellsOf({ rows }: Report): Cell {
  return (what, of = median) => {
    const row = rows.find((candidate) => candidate.what === what)
    if (row === undefined) throw new Error(`test/bench/results/fleet.json: expected a row "${what}"`)
    return format(of(row.values), row.unit)
  }
}

function pushTable(cell: Cell): string {
  const rows = sizes.map((size) => {
    const push = (gateway: string, mode: string) =>
      cell(`gateway ${gateway}, ${size} agents, ${mode}: a push`)
    const both = (mode: string) => `${push('1.5', mode)}, ${push('1.11', mode)}`
    const cpu = (mode: string) => cell(`gateway 1.5, ${size} agents, ${mode}: a push, CPU`)
    const ofGateway = (figure: string) => cell(`gateway 1.5, ${size} agents: ${figure}`)
    return [
      String(size),
      ofGateway('series'),
      both('with the check'),
      cpu('with the check'),
      both('without the check'),
      cpu('without the check'),
      ...['a scrape', "a scrape's size", 'memory'].map(ofGateway),
    ]
  })
  return table(
    [
      'agents',
      'series',
      'push with the check (1.5, 1.11)',
      'CPU (1.5)',
      'push without the check (1.5, 1.11)',
      'CPU (1.5)',
      'scrape',
      'size of a scrape',
      'memory',
    ],
    rows,
  )
}

function startTable(cell: Cell): string {
  return table(
    [
      'agents',
      'check',
      'timeout',
      'last push after',
      'successful',
      'longest push',
      'failed tries',
      'CPU of the gateway',
    ],
    starts.map(([agents, mode, timeout]) => [
      agents,
      mode,
      `${timeout} s`,
      cell(`${agents} agents at once, ${mode}, timeout ${timeout} s: until the last was through`),
      ...outcomes(cell, `${agents} agents at once, ${mode}, timeout ${timeout} s`),
    ]),
  )
}

function heartbeatTable(cell: Cell): string {
  return table(
    ['agents', 'check', 'successful', 'longest push', 'failed tries', 'CPU of the gateway'],
    heartbeats.map(([agents, mode]) => [
      agents,
      mode,
      ...outcomes(cell, `heartbeats of ${agents} agents, ${mode}`),
    ]),
  )
}

function outcomes(cell: Cell, what: string): readonly string[] {
  return [
    cell(`${what}: acknowledged`),
    cell(`${what}: a push`, (values) => Math.max(...values)),
    cell(`${what}: failed tries`),
    cell(`${what}: the gateway's CPU`),
  ]
}

function isOfHistory(what: string): boolean {
  return /an evaluation$|samples in memory/.test(what)
}

/** A test that did not finish in time has an infinite value. */
function format(value: number, unit: Unit): string {
  return Number.isFinite(value) ? withUnit(value, unit) : 'not in time'
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
