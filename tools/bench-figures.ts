// The tables of docs/costs.md, from the results that `npm run bench` wrote to test/bench/results.

import { isMet } from '../test/bench/bench.ts'
import { machineWords } from '../test/bench/machine.ts'
import { loadReport, type Report } from '../test/bench/report.ts'
import { cellsOf, withUnit } from '../test/bench/table.ts'
import { markdownTable } from './docs-tables.ts'

/** The benches of docs/costs.md, in its order. The bench `fleet` has its own page, deploy/FLEET.md. */
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
  'verify',
] as const

/** The promises with the measured values, the machine, and every measurement, as Markdown. */
export async function benchFigures(): Promise<string> {
  const reports = await Promise.all(shown.map((name) => loadReport(name)))
  return [
    '## Promises',
    markdownTable(['bench', 'figure', 'measured', 'promised', 'kept'], reports.flatMap(promiseCells)),
    machinesOf(reports),
    '## All measurements',
    ...reports.flatMap(measurementsOf),
  ].join('\n\n')
}

function promiseCells({ name, verdicts }: Report): readonly (readonly string[])[] {
  return verdicts.map((verdict) => {
    const { promise, unit, reached, limit, bound } = verdict
    const mark = isMet(verdict) ? '✓' : '✗'
    return [`\`${name}\``, promise, withUnit(reached, unit), `${bound} ${withUnit(limit, unit)}`, mark]
  })
}

function measurementsOf({ name, question, rows }: Report): readonly string[] {
  const table = markdownTable(['measurement', 'median', '10 % … 90 %', 'n'], rows.map(cellsOf))
  return [`### \`${name}\``, `${question[0]?.toUpperCase()}${question.slice(1)}.`, table]
}

/** Names every machine and day: one bench can be measured again later than the others. */
function machinesOf(reports: readonly Report[]): string {
  const words = reports.map(({ machine, at }) => `${machineWords(machine)}, ${at.slice(0, 10)}`)
  const loads = reports.map(({ machine }) => machine.load)
  const load = `${Math.min(...loads)} to ${Math.max(...loads)}`
  return `Measured on ${[...new Set(words)].join('; ')}. The load average was ${load} when the benches began.`
}
