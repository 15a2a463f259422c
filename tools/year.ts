// Simulates a year of backups, evaluates the alert rules over it, and writes the table of rules/README.md (`npm run year`).

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { yearTable } from '../test/support/year/table.ts'
import { runYear, seedOfTheYear } from '../test/support/year/year.ts'
import { withTable } from './docs.ts'

const readme = new URL('../rules/README.md', import.meta.url)
const folder = await mkdtemp(join(tmpdir(), 'kopia-year-'))
try {
  const table = yearTable(await runYear(seedOfTheYear, folder))
  await writeFile(readme, withTable(await readFile(readme, 'utf8'), 'year', table, 'npm run year'))
  process.stdout.write(`${table}\n`)
} finally {
  await rm(folder, { recursive: true })
}
