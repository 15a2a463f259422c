// Finds what setup works with: Kopia's program, the repositories, and what Kopia answers.

import { constants } from 'node:fs'
import { access, chown, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { readUnits } from '../check/log-folders.ts'
import { configurationPathOf } from '../kopia/runs/configuration.ts'
import { ConfigError } from '../settings/config-error.ts'
import type { Flags } from '../settings/load.ts'
import { declarations } from '../settings/schema.ts'
import { secretPath } from '../setup/agent-settings.ts'
import { askRepository, askVersion } from '../setup/ask-kopia.ts'
import { assignAgents } from '../setup/assign.ts'
import { type Binary, findBinary } from '../setup/binary.ts'
import type { Asked, Machine, Person, Repository } from '../setup/facts.ts'
import { type Files, machineFiles } from '../setup/files.ts'
import {
  type Found,
  findRepositories,
  findRepositoryAt,
  type Surroundings,
} from '../setup/find-repositories.ts'
import type { Answers } from '../setup/plan-types.ts'
import { unitOf } from '../setup/units.ts'
import { givenValue } from './setup-answers.ts'

/** Kopia's program: the given one, else that of an agent that exists. Throws a ConfigError where there is none, or it does not run. */
export async function findKopia(flags: Flags, { agents, self }: Machine): Promise<Binary> {
  const known = agents.map(({ values }) => values.kopia_bin).find(Boolean)
  const given = givenValue('kopia_bin', flags, process.env) || known || declarations.kopia_bin.default
  const { PATH = '' } = process.env
  const path = given.includes('/') ? resolve(given) : given
  const binary = await findBinary(path, PATH, self.home, isProgram)
  if (binary === undefined) {
    throw new ConfigError(
      `expected Kopia, found no program ${given}: install Kopia, or name it by --kopia-bin=PATH`,
    )
  }
  const asking = { binary: binary.path, self, passwords: [] }
  const version = await inScratch(self, self, (scratch) => askVersion({ ...asking, scratch }))
  if (version.ok) return binary
  throw new ConfigError(
    `${binary.path} is no Kopia that runs here: ${version.reason}; install Kopia, or name it by --kopia-bin=PATH`,
  )
}

/** A folder can be entered, which has the same permission as to execute. */
async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}

/** `all` are also those beside one that was named: its logs can be theirs, too. */
type AllFound = Found & { readonly all: readonly Repository[] }

/**
 * The configurations of Kopia: the one that a setting names, or all that are found and that agents watch already, wherever they are. Throws a
 * ConfigError where the named one is none.
 */
export async function findAll(
  flags: Flags,
  { self, agents }: Machine,
  people: readonly Person[],
): Promise<AllFound> {
  const logs = givenValue('kopia_log_dir', flags, process.env)
  const surroundings = await surroundingsOf(self, people, logs ? resolve(logs) : '')
  const named = givenValue('kopia_config_path', flags, process.env)
  if (!named) {
    const watched = await findWatched(surroundings, agents)
    return { ...watched, all: watched.repositories }
  }
  const path = resolve(configurationPathOf(named, process.env, process.platform))
  const found = await findRepositoryAt(surroundings, path)
  if (typeof found === 'string') throw new ConfigError(found)
  const { repositories } = await findRepositories(surroundings)
  const others = repositories.filter(({ configPath }) => configPath !== path)
  return { repositories: [found], all: [found, ...others], unread: [] }
}

async function findWatched(surroundings: Surroundings, agents: Machine['agents']): Promise<Found> {
  const found = await findRepositories(surroundings)
  const [repositories, unread] = [[...found.repositories], [...found.unread]]
  for (const { values } of agents) {
    const path = values.kopia_config_path ?? ''
    if (!path.startsWith('/') || repositories.some(({ configPath }) => configPath === path)) continue
    const watched = await findRepositoryAt(surroundings, path)
    if (typeof watched === 'string') unread.push(watched)
    else repositories.push(watched)
  }
  return { repositories, unread }
}

async function surroundingsOf(
  self: Person,
  people: readonly Person[],
  logDirectory: string,
): Promise<Surroundings> {
  const { XDG_CONFIG_HOME: configHome = '', XDG_CACHE_HOME: cacheHome = '' } = process.env
  return {
    files: machineFiles,
    platform: process.platform,
    self,
    people,
    units: await readUnits(self.home),
    configHome,
    cacheHome,
    logDirectory,
  }
}

/** Asks Kopia about each repository, with the passwords that were given and that its agent has already. */
export async function askAll(
  repositories: readonly Repository[],
  binary: Binary,
  machine: Machine,
  answers: Answers,
): Promise<readonly Asked[]> {
  const unasked = repositories.map((repository) => ({ repository, answer: { kind: 'no password' } as const }))
  const asked: Asked[] = []
  for (const { asked: one, name, file } of assignAgents(unasked, machine, answers)) {
    const path = secretPath(machine, { name, file }, unitOf(machine, name, answers), 'kopia_password_file')
    const kept = [await machineFiles.read(path), await passwordIn(machine, file, machineFiles)]
    const passwords = [
      ...kept.flatMap((text) => (text ? [{ kind: 'kept' as const, text: text.trim() }] : [])),
      ...given(answers),
    ]
    const { repository } = one
    const answer = await inScratch(repository.owner, machine.self, (scratch) =>
      askRepository(repository, { binary: binary.path, self: machine.self, scratch, passwords }),
    )
    asked.push({ repository, answer: withLogsOf(machine, file, answer) })
  }
  return asked
}

function given({ secrets }: Answers) {
  const text = secrets.get('kopia_password_file')
  return text === undefined ? [] : [{ kind: 'given' as const, text }]
}

/** The password that a configuration file in use names. */
async function passwordIn(machine: Machine, file: string, files: Files): Promise<string | undefined> {
  const found = machine.files.get(file)
  if (found?.kind !== 'active') return undefined
  const { kopia_password: text, kopia_password_file: path } = found.values
  return path ? files.read(path) : text
}

/** An agent that reads a log directory of its own sees what is there; hooks would be guesswork. */
function withLogsOf(machine: Machine, file: string, answer: Asked['answer']): Asked['answer'] {
  const found = machine.files.get(file)
  const isToldLogs = found?.kind === 'active' && Boolean(found.values.kopia_log_dir)
  return isToldLogs && answer.kind === 'open' ? { ...answer, blindSources: [] } : answer
}

/** A folder for the time of the call, in which the owner of the configuration can write. */
async function inScratch<T>(owner: Person, self: Person, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'kopia-metrics-agent-'))
  try {
    if (owner.userId !== self.userId) await chown(folder, owner.userId, owner.groupId)
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
