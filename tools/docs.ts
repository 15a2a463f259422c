// Writes the README's tables of settings, metrics and status fields from their declarations, and the figures of
// deploy/FLEET.md from what was measured. `npm run docs`.

import { readFile, writeFile } from 'node:fs/promises'
import { settingsTable } from '../agent/commands/help.ts'
import { metricsTable } from '../agent/metrics/definitions.ts'
import { fieldsTable } from '../agent/status/json.ts'
import { loadReport } from '../test/bench/report.ts'
import { benchFigures } from './bench-figures.ts'
import { fleetFigures } from './fleet-figures.ts'

/** Puts the tables between their marks; the rest stays as it is. */
export function withTables(readme: string): string {
  const tables = { settings: settingsTable(), metrics: metricsTable(), status: fieldsTable() }
  return Object.entries(tables).reduce(
    (text, [name, table]) => withTable(text, name, table, 'npm run docs'),
    readme,
  )
}

/** The README with what the agent costs, by the last benches. */
export async function withBenchFigures(readme: string): Promise<string> {
  return withTable(readme, 'costs', await benchFigures(), 'npm run docs')
}

/** The page on fleets with the figures of the last bench. */
export async function withFleetFigures(page: string): Promise<string> {
  return withTable(page, 'fleet', fleetFigures(await loadReport('fleet')), 'npm run docs')
}

/** Puts a table between its marks, which name the command that makes it. */
export function withTable(page: string, name: string, table: string, command: string): string {
  const pattern = new RegExp(`(<!-- ${name}: ${command} -->\n)[\\s\\S]*?(\n<!-- /${name} -->)`)
  if (!pattern.test(page)) throw new Error(`there is no place for the table of ${name}`)
  return page.replace(pattern, (_, before: string, after: string) => `${before}\n${table}\n${after}`)
}

if (import.meta.main) {
  const readme = new URL('../README.md', import.meta.url)
  await writeFile(readme, await withBenchFigures(withTables(await readFile(readme, 'utf8'))))
  const fleet = new URL('../deploy/FLEET.md', import.meta.url)
  await writeFile(fleet, await withFleetFigures(await readFile(fleet, 'utf8')))
}
