// `npm run bench`: all benches, or those that are named; `--long` for as long as the promises say.
// Prints a table of each and writes it to results/, from where `npm run docs` takes the figures of docs/costs.md.

import { parseArgs } from 'node:util'
import { type Bench, isMet } from './bench.ts'
import { benches } from './benches.ts'
import { machineWords, thisMachine } from './machine.ts'
import { saveReport } from './report.ts'
import { tableOf } from './table.ts'

function chosen(names: readonly string[]): readonly Bench[] {
  const unknown = names.find((name) => !benches.some((bench) => bench.name === name))
  if (unknown !== undefined) {
    throw new Error(
      `expected one of ${benches.map(({ name }) => name).join(', ')}, found ${JSON.stringify(unknown)}`,
    )
  }
  return names.length === 0 ? benches : benches.filter(({ name }) => names.includes(name))
}

/** Returns whether all promises were kept. */
async function runBench(bench: Bench, length: 'usual' | 'long'): Promise<boolean> {
  process.stdout.write(`\n${bench.name}: ${bench.question}\n`)
  const machine = thisMachine()
  const result = await bench.run({ length })
  const { name, question } = bench
  await saveReport({ name, question, length, at: new Date().toISOString(), machine, ...result })
  process.stdout.write(tableOf(result))
  return result.verdicts.every(isMet)
}

const { values, positionals } = parseArgs({
  options: { long: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const wanted = chosen(positionals)
process.stdout.write(`${machineWords(thisMachine())}\n`)
const kept: boolean[] = []
for (const bench of wanted) kept.push(await runBench(bench, values.long ? 'long' : 'usual'))
process.stdout.write('\n`npm run docs` writes the figures to docs/costs.md.\n')
if (kept.includes(false)) process.exitCode = 1
