// Simulates a year of backups, evaluates the alert rules over it, and writes the tables of rules/README.md (`npm run year`).

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { comparisonTable, yearTable } from '../test/support/year/table.ts'
import { evaluateYear, seedOfTheYear, simulateYear } from '../test/support/year/year.ts'
import { withTable } from './docs.ts'

const readme = new URL('../rules/README.md', import.meta.url)
const folder = await mkdtemp(join(tmpdir(), 'kopia-year-'))
try {
  const result = await evaluateYear(simulateYear(seedOfTheYear), folder)
  const [table, comparison] = [yearTable(result), comparisonTable(result)]
  const page = withTable(await readFile(readme, 'utf8'), 'year', table, 'npm run year')
  await writeFile(readme, withTable(page, 'year-before', comparison, 'npm run year'))
  process.stdout.write(`${table}\n\n${comparison}\n`)
} finally {
  await rm(folder, { recursive: true })
}
