// Generates the dashboards' JSON files (`npm run dashboards`).

import { writeFile } from 'node:fs/promises'
import { backupOverview } from './backup-overview.ts'
import { systemResources } from './system-resources.ts'

/** The content of the JSON files by file name. */
export function generated(): ReadonlyMap<string, string> {
  const dashboards = { 'backup-overview.json': backupOverview(), 'system-resources.json': systemResources() }
  return new Map(
    Object.entries(dashboards).map(([name, dashboard]) => [name, `${JSON.stringify(dashboard, null, 2)}\n`]),
  )
}

if (import.meta.main) {
  for (const [name, text] of generated()) await writeFile(new URL(`../${name}`, import.meta.url), text)
}
