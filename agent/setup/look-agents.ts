// Looks for agents by their configuration files, also those that others run on this machine.

import { basename, join } from 'node:path'
import { ConfigError, firstLine } from '../settings/config-error.ts'
import { formatOf } from './assign.ts'
import type { ExistingAgent, Person, SettingsFile } from './facts.ts'
import type { Files } from './files.ts'
import { settingsFileOf } from './settings-file.ts'
import { namedUnit, plainUnit, pushUnit, userIn } from './units.ts'

export const systemFolder = '/etc/kopia-metrics-agent'

type Surroundings = { readonly files: Files; readonly self: Person; readonly people: readonly Person[] }

/** Root's agents for a user, all users' own for root. */
export async function findNeighbours({
  files,
  self,
  people,
}: Surroundings): Promise<readonly ExistingAgent[]> {
  if (self.userId !== 0) {
    return agentsIn(files, systemFolder, /\.yaml$/, (name) => userOfService(files, name))
  }
  const others = people.filter(({ userId }) => userId !== 0)
  const found = others.map(({ name, home }) =>
    agentsIn(
      files,
      join(home, '.config/kopia-metrics-agent'),
      /(^|\.)environment$|\.yaml$/,
      async () => name,
    ),
  )
  return (await Promise.all(found)).flat()
}

/** A file that can't be read or understood is a matter of its owner. */
async function agentsIn(
  files: Files,
  folder: string,
  ending: RegExp,
  userOf: (name: string | undefined) => Promise<string>,
): Promise<readonly ExistingAgent[]> {
  const agents: ExistingAgent[] = []
  for (const fileName of ((await files.list(folder)) ?? []).filter((one) => ending.test(one)).toSorted()) {
    const file = join(folder, fileName)
    const settings = await readSettings(files, file).catch(() => undefined)
    if (settings?.kind !== 'active') continue
    const name = ['config.yaml', 'environment'].includes(fileName) ? undefined : nameIn(file)
    agents.push({ name, file, values: settings.values, user: await userOf(name) })
  }
  return agents
}

/** What a configuration file sets; throws a ConfigError where it can't be understood. */
export async function readSettings(files: Files, path: string): Promise<SettingsFile> {
  const text = await files.read(path)
  if (text === undefined && (await files.ownerOf(path)) !== undefined) {
    throw new ConfigError(`${path}: this user can't read it`)
  }
  try {
    return settingsFileOf(text, formatOf(path))
  } catch (error) {
    throw new ConfigError(`${path}: it can't be read as YAML: ${firstLine(error)}`)
  }
}

/** The name of the agent with this file, unless it is that of the agent without a name. */
export function nameIn(file: string): string {
  return basename(file).replace(/\.(yaml|environment)$/, '')
}

/** Whom the system's service of this agent runs as, by its drop-ins. */
export async function userOfService(files: Files, name: string | undefined): Promise<string> {
  const units = name === undefined ? [plainUnit, pushUnit] : ['kopia-metrics-agent@.service', namedUnit(name)]
  const texts: string[] = []
  for (const unit of units) {
    const folder = join('/etc/systemd/system', `${unit}.d`)
    for (const fileName of ((await files.list(folder)) ?? []).toSorted()) {
      if (fileName.endsWith('.conf')) texts.push((await files.read(join(folder, fileName))) ?? '')
    }
  }
  return userIn(texts) ?? 'root'
}
