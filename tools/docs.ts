// Writes the generated tables into the pages that hold them. `npm run docs`; a test compares the pages with it.

import { readFile, writeFile } from 'node:fs/promises'
import { loadReport } from '../test/bench/report.ts'
import { benchFigures } from './bench-figures.ts'
import { metricsTable, reportTable, settingsTable, statusTable } from './docs-tables.ts'
import { fleetFigures } from './fleet-figures.ts'
import { fleetImportFigures } from './fleet-import-figures.ts'

type GeneratedTable = {
  /** Path of the page, from the project's folder. */
  readonly page: string
  /** As the marks in the page name it. */
  readonly name: string
  readonly table: () => Promise<string>
}

/** Every generated table. */
export const generatedTables: readonly GeneratedTable[] = [
  { page: 'docs/settings.md', name: 'settings', table: async () => settingsTable() },
  { page: 'docs/metrics.md', name: 'metrics', table: async () => metricsTable() },
  { page: 'docs/status-json.md', name: 'status', table: async () => statusTable() },
  { page: 'docs/report.md', name: 'report', table: async () => reportTable() },
  { page: 'docs/costs.md', name: 'costs', table: benchFigures },
  { page: 'deploy/FLEET.md', name: 'fleet', table: async () => fleetFigures(await loadReport('fleet')) },
  {
    page: 'deploy/FLEET.md',
    name: 'fleet-import',
    table: async () => fleetImportFigures(await loadReport('fleet-import')),
  },
]

/** Reads the page and resolves with its text as it is and as it should be. */
export async function readPage({ page, name, table }: GeneratedTable) {
  const path = new URL(`../${page}`, import.meta.url)
  const found = await readFile(path, 'utf8')
  return { path, found, expected: withTable(found, name, await table(), 'npm run docs') }
}

/** Puts a table between its marks, which name the command that makes it. */
export function withTable(page: string, name: string, table: string, command: string): string {
  const pattern = new RegExp(`(<!-- ${name}: ${command} -->\n)[\\s\\S]*?(\n<!-- /${name} -->)`)
  if (!pattern.test(page))
    throw new Error(`expected the marks <!-- ${name}: ${command} --> and <!-- /${name} -->`)
  return page.replace(pattern, (_, before: string, after: string) => `${before}\n${table}\n${after}`)
}

if (import.meta.main) {
  for (const generated of generatedTables) {
    const { path, expected } = await readPage(generated)
    await writeFile(path, expected)
  }
}
