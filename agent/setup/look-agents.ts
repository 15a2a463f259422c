// Looks for agents by their configuration files, also those that others run on this machine.

import { join } from 'node:path'
import { ConfigError } from '../settings/config-error.ts'
import type { ExistingAgent, Person, SettingsFile } from './facts.ts'
import type { Files } from './files.ts'
import { environmentFiles, nameIn, ownFolder, systemFolder } from './places.ts'
import { settingsFileOf } from './settings-file.ts'
import { namedUnit, plainUnit, pushUnit, userIn } from './units.ts'

type Surroundings = {
  readonly files: Files
  readonly platform: NodeJS.Platform
  readonly self: Person
  readonly people: readonly Person[]
}

/** Root's agents for a user, all users' own for root. */
export async function findNeighbours({
  files,
  platform,
  self,
  people,
}: Surroundings): Promise<readonly ExistingAgent[]> {
  if (self.userId !== 0) {
    return agentsIn(files, systemFolder, isYaml, (name) => userOfService(files, name))
  }
  const others = people.filter(({ userId }) => userId !== 0)
  const isOwn = (fileName: string) => isYaml(fileName) || environmentFiles.test(fileName)
  const found = others.map((person) =>
    agentsIn(files, ownFolder(person, platform), isOwn, async () => person.name),
  )
  return (await Promise.all(found)).flat()
}

function isYaml(fileName: string): boolean {
  return fileName.endsWith('.yaml')
}

/** A file that can't be read or understood is a matter of its owner. */
async function agentsIn(
  files: Files,
  folder: string,
  isSettingsFile: (fileName: string) => boolean,
  userOf: (name: string | undefined) => Promise<string>,
): Promise<readonly ExistingAgent[]> {
  const agents: ExistingAgent[] = []
  for (const fileName of ((await files.list(folder)) ?? []).filter(isSettingsFile).toSorted()) {
    const file = join(folder, fileName)
    const settings = await readSettings(files, file).catch(() => undefined)
    if (settings?.kind !== 'active') continue
    const name = nameIn(file)
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
  return settingsFileOf(text, path)
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
