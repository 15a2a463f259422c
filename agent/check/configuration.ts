// Kopia's configuration files: where the one in use is, and which ones are beside it.

import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

type Place = {
  readonly platform: NodeJS.Platform
  readonly home: string
  /** XDG_CONFIG_HOME; empty if not set. */
  readonly configHome: string
}

/** Kopia's default configuration file (internal/ospath, cli/config.go). */
export function defaultConfigPath({ platform, home, configHome }: Place): string {
  const settings =
    platform === 'darwin' ? join(home, 'Library', 'Application Support') : configHome || join(home, '.config')
  return join(settings, 'kopia', 'repository.config')
}

/** The other configuration files beside `configPath`: KopiaUI has `repository-1.config` and so on, one for each repository. */
export async function configurationsBeside(configPath: string): Promise<readonly string[]> {
  const folder = dirname(configPath)
  const names = await readdir(folder).catch(() => [])
  return names
    .filter((name) => name.endsWith('.config') && name !== basename(configPath))
    .toSorted()
    .map((name) => join(folder, name))
}
