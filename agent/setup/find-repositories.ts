// Finds the configurations of Kopia, whose they are, and where Kopia logs for each.

import { basename, dirname, join } from 'node:path'
import { configurationPathOf } from '../kopia/runs/configuration.ts'
import { asRecord } from '../util/json.ts'
import type { Person, Repository } from './facts.ts'
import type { Files } from './files.ts'
import { type LogPlace, logPlaceOf } from './find-logs.ts'

export type Surroundings = {
  readonly files: Files
  readonly platform: NodeJS.Platform
  readonly self: Person
  /** Root looks at all of them, others at themselves. */
  readonly people: readonly Person[]
  /** The texts of the units that this machine's administrator has written. */
  readonly units: readonly string[]
  /** XDG_CONFIG_HOME and XDG_CACHE_HOME of `self`; empty if not set. */
  readonly configHome: string
  readonly cacheHome: string
  /** Where Kopia logs, if that was given; else empty. */
  readonly logDirectory: string
}

export type Found = {
  readonly repositories: readonly Repository[]
  /** Folders and files that could not be looked at, and why. */
  readonly unread: readonly string[]
}

/** A folder of configurations, and the folder in which its owner's Kopia looks. */
type Place = { readonly folder: string; readonly person: Person; readonly startedBy: Repository['startedBy'] }

/** Looks in the places where Kopia and KopiaUI keep configurations (internal/ospath in Kopia's source). */
export async function findRepositories(surroundings: Surroundings): Promise<Found> {
  const repositories = new Map<string, Repository>()
  const unread: string[] = []
  for (const place of placesOf(surroundings)) {
    const names = await surroundings.files.list(place.folder)
    if (names === undefined) unread.push(`${place.folder} is closed to ${surroundings.self.name}`)
    for (const name of (names ?? []).filter((file) => file.endsWith('.config')).toSorted()) {
      const path = join(place.folder, name)
      if (repositories.has(path)) continue
      const found = await readRepository(surroundings, place, path)
      if (typeof found === 'string') unread.push(found)
      else if (found !== undefined) repositories.set(path, found)
    }
  }
  return { repositories: [...repositories.values()], unread }
}

/** The configuration that a setting names, wherever it is; a text says why there is none. */
export async function findRepositoryAt(
  surroundings: Surroundings,
  path: string,
): Promise<Repository | string> {
  const person = await ownerAmong(surroundings, path, surroundings.self)
  const place: Place = { folder: dirname(path), person, startedBy: startedByOf(path) }
  const found = await readRepository(surroundings, place, path)
  return found ?? `${path}: expected a configuration that is connected to a repository, found none`
}

function placesOf({ platform, self, people, configHome }: Surroundings): readonly Place[] {
  return people.flatMap((person): readonly Place[] => {
    const own = person.userId === self.userId ? configHome : ''
    return [
      { folder: dirname(defaultConfigPath(person, platform, own)), person, startedBy: 'command line' },
      {
        folder: join(person.home, '.var/app/io.kopia.KopiaUI/config/kopia'),
        person,
        startedBy: 'KopiaUI',
      },
    ]
  })
}

/** Undefined: Kopia is not connected by this file. A text says why it can't be known. */
async function readRepository(
  surroundings: Surroundings,
  place: Place,
  path: string,
): Promise<Repository | string | undefined> {
  const text = await surroundings.files.read(path)
  if (text === undefined) return `${path} can't be read by ${surroundings.self.name}`
  const connected = isConnected(text)
  if (connected === undefined) return `${path} is no configuration of Kopia`
  if (!connected) return undefined
  const owner = await ownerAmong(surroundings, path, place.person)
  const startedBy = place.startedBy === 'KopiaUI' ? 'KopiaUI' : await starterOf(surroundings, path)
  const log: LogPlace = await logPlaceOf(surroundings, path, owner)
  return {
    configPath: path,
    owner,
    isDefault: path === defaultConfigPath(owner, surroundings.platform),
    startedBy,
    logDirectory: log.folder,
    isDefaultLog: log.isDefault,
    hasBackupLogs: log.hasBackups,
  }
}

/** The file that Kopia takes where nothing names one; without XDG_CONFIG_HOME, which a unit does not have. */
function defaultConfigPath({ home }: Person, platform: NodeJS.Platform, configHome = ''): string {
  return configurationPathOf('', { HOME: home, XDG_CONFIG_HOME: configHome }, platform)
}

async function ownerAmong({ files, people }: Surroundings, path: string, otherwise: Person): Promise<Person> {
  const userId = await files.ownerOf(path)
  if (userId === otherwise.userId) return otherwise
  return people.find((person) => person.userId === userId) ?? otherwise
}

/** KopiaUI names all but its first repository by the time, and keeps a folder `kopia-ui` of its own beside Kopia's. */
async function starterOf({ files }: Surroundings, path: string): Promise<Repository['startedBy']> {
  const beside = (await files.list(dirname(dirname(path)))) ?? []
  return beside.includes('kopia-ui') ? 'KopiaUI' : startedByOf(path)
}

function startedByOf(path: string): Repository['startedBy'] {
  return /^repository-\d{13}\.config$/.test(basename(path)) ? 'KopiaUI' : 'command line'
}

/** Undefined: it is not JSON. A file without a storage and a server is what `repository disconnect` leaves. */
function isConnected(text: string): boolean | undefined {
  try {
    const { storage, apiServer } = asRecord(JSON.parse(text), 'configuration')
    return storage !== undefined || apiServer !== undefined
  } catch {
    return undefined
  }
}
