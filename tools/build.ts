// Builds the agent and its libraries as one bundle in dist/, with their licences (`npm run build`).

import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bundle, licencesOf } from './bundle.ts'

/** Empties `folder` and builds into it. */
export async function buildInto(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  const libraries = await bundle('agent/main.ts', folder)
  await writeFile(join(folder, 'LICENSES'), await licencesOf(libraries))
}

if (import.meta.main) await buildInto('dist')
