// Where agents have their configuration and their logs, each place named once: looking, planning and acting agree on it.

import { basename, dirname, join } from 'node:path'
import { defaultConfigFiles, defaultLogDirectory } from '../settings/default-folders.ts'
import type { Machine, Person } from './facts.ts'

export type Format = 'yaml' | 'environment'

/** Root's configuration files. */
export const systemFolder = '/etc/kopia-metrics-agent'

/** The files that a user's unit reads: `environment`, and `NAME.environment`. */
export const environmentFiles = /(^|\.)environment$/

/** Where a person's own agent looks first for its configuration, seen from a unit, which has no XDG_CONFIG_HOME. */
export function ownFolder({ userId, home }: Person, platform: NodeJS.Platform): string {
  return folderOf(defaultConfigFiles({}, { platform, userId, home }))
}

/** The folder of the first of these files. */
export function folderOf([first]: readonly string[]): string {
  return first === undefined ? systemFolder : dirname(first)
}

/** The file of an agent. A user's unit reads an environment file, everything else YAML. */
export function fileOf(
  { manager, settingsFolder }: Pick<Machine, 'manager' | 'settingsFolder'>,
  name: string | undefined,
  configFile: string | undefined,
): string {
  if (configFile !== undefined) return configFile
  if (manager.kind !== 'user') return join(settingsFolder, `${name ?? 'config'}.yaml`)
  return join(settingsFolder, name === undefined ? 'environment' : `${name}.environment`)
}

export function formatOf(file: string): Format {
  return environmentFiles.test(basename(file)) ? 'environment' : 'yaml'
}

/** The name of the agent with this file; undefined for the agent without a name. */
export function nameIn(file: string): string | undefined {
  const fileName = basename(file)
  if (fileName === 'config.yaml' || fileName === 'environment') return undefined
  return fileName.replace(/\.(yaml|environment)$/, '')
}

/** Holds a log directory for each repository that must not share one. Root's is for everybody. */
export function separateLogsFolder(owner: Person, self: Person, platform: NodeJS.Platform): string {
  return self.userId === 0 ? '/var/log/kopia' : join(dirname(defaultLogFolder(owner, platform)), 'kopia-logs')
}

/** Where Kopia logs for this person if nothing is set, seen from a unit, which has no XDG_CACHE_HOME. */
export function defaultLogFolder({ userId, home }: Person, platform: NodeJS.Platform): string {
  return defaultLogDirectory({}, { platform, userId, home })
}
