// The tables of deploy/FLEET.md, from what `npm run bench -- fleet` measured.

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
const beats = [
  ['300', 'with the check'],
  ['1000', 'with the check'],
  ['1000', 'without the check'],
] as const

/** All that was measured, as Markdown. */
export function fleetFigures(report: Report): string {
  const { machine, at } = report
  const rowOf = (what: string) => {
    const row = report.rows.find((candidate) => candidate.what === what)
    if (row === undefined) throw new Error(`test/bench/results/fleet.json: expected a row "${what}"`)
    return row
  }
  const cell = (what: string, of = median) => {
    const { unit, values } = rowOf(what)
    return words(of(values), unit)
  }
  const held = sizes.map((size) => {
    const push = (gateway: string, mode: string) =>
      cell(`gateway ${gateway}, ${size} agents, ${mode}: a push`)
    const known = `gateway 1.5, ${size} agents`
    const both = (mode: string) => `${push('1.5', mode)}, ${push('1.11', mode)}`
    const cpu = (mode: string) => cell(`gateway 1.5, ${size} agents, ${mode}: a push, CPU`)
    const rest = ['a scrape', "a scrape's size", 'memory'].map((what) => cell(`${known}: ${what}`))
    return [
      String(size),
      cell(`${known}: series`),
      both('with the check'),
      cpu('with the check'),
      both('without the check'),
      cpu('without the check'),
      ...rest,
    ]
  })
  const outcomes = (what: string) => [
    cell(`${what}: acknowledged`),
    cell(`${what}: a push`, (values) => Math.max(...values)),
    cell(`${what}: failed tries`),
    cell(`${what}: the gateway's CPU`),
  ]
  const watching = report.rows.filter(({ what }) => what.startsWith('Prometheus, '))
  return [
    `Measured by \`npm run bench -- fleet\` on ${at.slice(0, 10)}: ${machineWords(machine)}, busy with other work (load ${machine.load}), so that CPU tells more than time.`,
    'The pictures are made by the agent’s own code, 20 sources each; gateways are Debian’s 1.5 and 1.11.1. One push by what the gateway holds:',
    table(
      [
        'agents',
        'series',
        'a push with the check (1.5, 1.11)',
        'its CPU (1.5)',
        'without (1.5, 1.11)',
        'its CPU',
        'a scrape',
        'its size',
        'memory',
      ],
      held,
    ),
    'A power return: all push at once, to a gateway that has them from before; two minutes are waited (1.5):',
    table(
      [
        'agents',
        'the check',
        'timeout',
        'the last after',
        'through',
        'longest push',
        'failed tries',
        'CPU of the gateway',
      ],
      starts.map(([agents, mode, timeout]) => [
        agents,
        mode,
        `${timeout} s`,
        cell(`${agents} agents at once, ${mode}, timeout ${timeout} s: until the last was through`),
        ...outcomes(`${agents} agents at once, ${mode}, timeout ${timeout} s`),
      ]),
    ),
    'Heartbeats, one of the five minutes in which they come (1.5):',
    table(
      ['agents', 'the check', 'through', 'longest push', 'failed tries', 'CPU of the gateway'],
      beats.map(([agents, mode]) => [agents, mode, ...outcomes(`heartbeats of ${agents} agents, ${mode}`)]),
    ),
    'One Prometheus 2.42 behind 1,000 agents, with the project’s configuration and rules, after some minutes; one evaluation of each group of rules:',
    table(
      ['what', 'measured'],
      watching.map(({ what }) => [what.replace(/^Prometheus, 1000 agents: /, ''), cell(what)]),
    ),
    'The rules with a month of history behind each source (measured with 200 sources; in proportion):',
    table(
      ['what', 'reckoned'],
      report.rows.filter(({ what }) => isOfHistory(what)).map(({ what }) => [what, cell(what)]),
    ),
  ].join('\n\n')
}

function isOfHistory(what: string): boolean {
  return /a month of history|samples in memory|query\.max-samples/.test(what)
}

/** What came to no end has no value. */
function words(value: number, unit: Unit): string {
  return Number.isFinite(value) ? withUnit(value, unit) : 'not in time'
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
