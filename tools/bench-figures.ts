// The README's tables of what the agent costs, from what `npm run bench` measured.

import { isMet } from '../test/bench/bench.ts'
import { machineWords } from '../test/bench/machine.ts'
import { loadReport, type Report } from '../test/bench/report.ts'
import { cellsOf, withUnit } from '../test/bench/table.ts'

/** The benches whose figures the README shows, in its order; that of fleets has a page of its own. */
const shown = [
  'hook',
  'delivery',
  'day',
  'idle',
  'start',
  'read-logs',
  'growth',
  'past-runs',
  'commands',
  'backfill',
] as const

/** What was promised and reached, all that was measured, and on what machine, as Markdown. */
export async function benchFigures(): Promise<string> {
  const reports = await Promise.all(shown.map((name) => loadReport(name)))
  const promised = reports.filter(({ verdicts }) => verdicts.length > 0)
  return [
    'What was promised, and what was reached:',
    '',
    '| bench | what | reached | promised | |',
    '|---|---|---|---|---|',
    ...promised.flatMap(verdictLines),
    '',
    machinesOf(reports),
    '',
    '<details><summary>All that was measured: the median, and where 8 of 10 values lie</summary>',
    '',
    ...reports.flatMap(rowLines),
    '</details>',
  ].join('\n')
}

function verdictLines({ name, verdicts }: Report): readonly string[] {
  return verdicts.map((verdict) => {
    const { promise, unit, reached, limit, bound } = verdict
    const mark = isMet(verdict) ? '✓' : '✗'
    return `| \`${name}\` | ${promise} | ${withUnit(reached, unit)} | ${bound} ${withUnit(limit, unit)} | ${mark} |`
  })
}

function rowLines({ name, question, rows }: Report): readonly string[] {
  const lines = rows.map((row) => `| ${cellsOf(row).join(' | ')} |`)
  return [`\`${name}\`: ${question}`, '', '| | median | 10 % … 90 % | n |', '|---|---|---|---|', ...lines, '']
}

/** A bench alone may have been run later than the others, on another machine. */
function machinesOf(reports: readonly Report[]): string {
  const words = reports.map(({ machine, at }) => `${machineWords(machine)}, ${at.slice(0, 10)}`)
  const loads = reports.map(({ machine }) => machine.load)
  const load = `${Math.min(...loads)} to ${Math.max(...loads)}`
  return `On ${[...new Set(words)].join('; ')}; ${load} processes wanted to run when the benches began.`
}
