// Writes the README's tables of settings, metrics and status fields from their declarations. `npm run docs`.

import { readFile, writeFile } from 'node:fs/promises'
import { settingsTable } from '../agent/help.ts'
import { metricsTable } from '../agent/metrics/catalogue.ts'
import { fieldsTable } from '../agent/status/json.ts'

/** Puts the tables between their marks; the rest stays as it is. */
export function withTables(readme: string): string {
  const tables = { settings: settingsTable(), metrics: metricsTable(), status: fieldsTable() }
  return Object.entries(tables).reduce(
    (text, [name, table]) => withTable(text, name, table, 'npm run docs'),
    readme,
  )
}

/** Puts a table between its marks, which name the command that makes it. */
export function withTable(readme: string, name: string, table: string, command: string): string {
  const pattern = new RegExp(`(<!-- ${name}: ${command} -->\n)[\\s\\S]*?(\n<!-- /${name} -->)`)
  if (!pattern.test(readme)) throw new Error(`README.md has no place for the table of ${name}`)
  return readme.replace(pattern, (_, before: string, after: string) => `${before}\n${table}\n${after}`)
}

if (import.meta.main) {
  const path = new URL('../README.md', import.meta.url)
  await writeFile(path, withTables(await readFile(path, 'utf8')))
}
