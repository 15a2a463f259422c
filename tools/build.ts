// What is shipped: the agent and its libraries as one bundle, and their licences beside it, in dist/. `npm run build`.

import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bundle, licencesOf } from './bundle.ts'

/** Builds into `folder`, which is emptied first. */
export async function buildInto(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  const libraries = await bundle('agent/main.ts', folder)
  await writeFile(join(folder, 'LICENSES'), await licencesOf(libraries))
}

if (import.meta.main) await buildInto('dist')
