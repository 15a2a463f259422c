// `npm run bench`: runs all benches, or those that are named; with `--long` for as long as the promises say.
// Prints a table of each and writes it into results/. `npm run docs` takes the figures of the documentation from there.

import { parseArgs } from 'node:util'
import { type Bench, isMet } from './bench.ts'
import { benches } from './benches.ts'
import { machineWords, thisMachine } from './machine.ts'
import { saveReport } from './report.ts'
import { tableOf } from './table.ts'

type Outcome = 'kept' | 'missed' | 'failed'

function chosen(names: readonly string[]): readonly Bench[] {
  const unknown = names.find((name) => !benches.some((bench) => bench.name === name))
  if (unknown !== undefined) {
    throw new Error(
      `expected one of ${benches.map(({ name }) => name).join(', ')}, found ${JSON.stringify(unknown)}`,
    )
  }
  return names.length === 0 ? benches : benches.filter(({ name }) => names.includes(name))
}

/** Runs one bench. A bench that throws keeps its last report, and the others still run: they take an hour together. */
async function runBench(bench: Bench, length: 'usual' | 'long'): Promise<Outcome> {
  const { name, question } = bench
  process.stdout.write(`\n${name}: ${question}\n`)
  const machine = thisMachine()
  try {
    const result = await bench.run({ length })
    process.stdout.write(tableOf(result))
    await saveReport({ name, question, length, at: new Date().toISOString(), machine, ...result })
    return result.verdicts.every(isMet) ? 'kept' : 'missed'
  } catch (error) {
    process.stdout.write(`  failed: ${error instanceof Error ? error.stack : error}\n`)
    return 'failed'
  }
}

const { values, positionals } = parseArgs({
  options: { long: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const wanted = chosen(positionals)
process.stdout.write(`${machineWords(thisMachine())}\n`)
const outcomes = new Map<string, Outcome>()
for (const bench of wanted) outcomes.set(bench.name, await runBench(bench, values.long ? 'long' : 'usual'))
const namesOf = (outcome: Outcome) => [...outcomes.keys()].filter((name) => outcomes.get(name) === outcome)
const [missed, failed] = [namesOf('missed'), namesOf('failed')]
if (missed.length > 0) process.stdout.write(`\nPromises not kept: ${missed.join(', ')}.\n`)
if (failed.length > 0) process.stdout.write(`\nFailed, with no new report: ${failed.join(', ')}.\n`)
process.stdout.write('\n`npm run docs` takes the figures over into the documentation.\n')
if (missed.length + failed.length > 0) process.exitCode = 1
