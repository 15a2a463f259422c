// Finds the configuration files of Kopia beside the one in use.

import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** The other configuration files beside `configPath`: KopiaUI has `repository-1.config` and so on, one for each repository. */
export async function configurationsBeside(configPath: string): Promise<readonly string[]> {
  const folder = dirname(configPath)
  const names = await readdir(folder).catch(() => [])
  return names
    .filter((name) => name.endsWith('.config') && name !== basename(configPath))
    .toSorted()
    .map((name) => join(folder, name))
}
