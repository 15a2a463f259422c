// Looks at this machine: how agents are run, which exist, and what their files set.

import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { defaultConfigFiles } from '../settings/default-folders.ts'
import type { ExistingAgent, Machine, Manager, Person, SettingsFile, UnitState } from './facts.ts'
import type { Files } from './files.ts'
import { findNeighbours, readSettings, userOfService } from './look-agents.ts'
import { environmentFiles, fileOf, folderOf, nameIn, ownFolder, separateLogsFolder } from './places.ts'
import { userBus } from './systemctl.ts'
import { credentialFolder, namedUnit, plainUnit, pushUnit, timerUnit } from './units.ts'

export type Look = {
  readonly files: Files
  readonly platform: NodeJS.Platform
  readonly self: Person
  /** Everybody here whose agents this user can see. */
  readonly people: readonly Person[]
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly configFile: string | undefined
}

/** Throws a ConfigError where a configuration file that exists can't be understood. */
export async function lookAtMachine(look: Look): Promise<Machine> {
  const { platform, self, configFile } = look
  const manager = await findManager(look)
  const settingsFolder = (await folderOfUnit(manager)) ?? usualFolder(look)
  const paths = await settingsPaths(look, manager, settingsFolder)
  const files = new Map<string, SettingsFile>()
  for (const path of paths) files.set(path, await readSettings(look.files, path))
  const plain = fileOf({ manager, settingsFolder }, undefined, configFile)
  const agents: ExistingAgent[] = []
  for (const [file, found] of files) {
    if (found.kind !== 'active') continue
    const name = file === plain ? undefined : nameIn(file)
    const user = manager.kind === 'system' ? await userOfService(look.files, name) : self.name
    agents.push({ name, file, values: found.values, user })
  }
  const units = await unitStates(manager, [
    plainUnit,
    pushUnit,
    timerUnit,
    ...agents.flatMap(({ name }) => (name === undefined ? [] : [namedUnit(name)])),
  ])
  const ofPeople = look.people.map((person) => ownFolder(person, platform))
  const settingsFolders = [
    settingsFolder,
    ...ofPeople,
    ...(configFile === undefined ? [] : [dirname(configFile)]),
  ]
  const others = await otherPaths(look, settingsFolders)
  const neighbours = await findNeighbours(look)
  return { platform, self, manager, settingsFolder, units, files, agents, neighbours, others }
}

/** Who runs agents here. systemd runs the machine if this folder exists (sd_booted(3)). */
async function findManager({ files, platform, self, environment }: Look): Promise<Manager> {
  const isBooted = (await files.ownerOf('/run/systemd/system')) !== undefined
  if (platform !== 'linux' || !isBooted) return { kind: 'none', reason: 'systemd does not run this machine' }
  const kind = self.userId === 0 ? 'system' : 'user'
  const folders = [
    `/usr/lib/systemd/${kind}`,
    `/etc/systemd/${kind}`,
    join(self.home, '.config/systemd/user'),
  ]
  const owners = await Promise.all(folders.map((folder) => files.ownerOf(join(folder, plainUnit))))
  if (owners.every((owner) => owner === undefined)) {
    return { kind: 'none', reason: 'the units of the packages are not installed (deploy/systemd has them)' }
  }
  if (kind === 'system') return { kind }
  const runtime = environment.XDG_RUNTIME_DIR || `/run/user/${self.userId}`
  if ((await files.ownerOf(join(runtime, 'systemd/private'))) === undefined) {
    return {
      kind: 'none',
      reason: `your own systemd does not run; log in without su or sudo, or have an administrator run loginctl enable-linger ${self.name}, and run setup again`,
    }
  }
  const staysAfterLogout = (await files.ownerOf(join('/var/lib/systemd/linger', self.name))) !== undefined
  return { kind, staysAfterLogout }
}

/** Where the agent looks for its configuration file where nothing names one. */
function usualFolder({ platform, self: { userId, home }, environment }: Look): string {
  return folderOf(defaultConfigFiles(environment, { platform, userId, home }))
}

/** Where a user's unit reads its settings: its systemd can have another XDG_CONFIG_HOME than this shell. */
async function folderOfUnit({ kind }: Manager): Promise<string | undefined> {
  if (kind !== 'user') return undefined
  const { stdout } = await execa('systemctl', ['--user', 'show', '--property=EnvironmentFiles', plainUnit], {
    reject: false,
    env: userBus(),
  })
  return /^EnvironmentFiles=(\/.+)\/environment \(/m.exec(String(stdout ?? ''))?.[1]
}

async function settingsPaths(
  { files, configFile }: Look,
  manager: Manager,
  folder: string,
): Promise<readonly string[]> {
  const ending = manager.kind === 'user' ? environmentFiles : /\.yaml$/
  const names = ((await files.list(folder)) ?? []).filter((name) => ending.test(name)).toSorted()
  return [...names.map((name) => join(folder, name)), ...(configFile === undefined ? [] : [configFile])]
}

/** What systemd says of the units. */
async function unitStates(
  manager: Manager,
  units: readonly string[],
): Promise<ReadonlyMap<string, UnitState>> {
  if (manager.kind === 'none') return new Map()
  const scope = manager.kind === 'user' ? ['--user'] : []
  const states = await Promise.all(
    units.map(async (unit) => {
      const properties = '--property=UnitFileState,ActiveState,User'
      const shown = await execa('systemctl', [...scope, 'show', properties, unit], {
        reject: false,
        env: userBus(),
      })
      const text = String(shown.stdout ?? '')
      const isEnabled = /^UnitFileState=enabled$/m.test(text)
      const isActive = /^ActiveState=active$/m.test(text)
      return [unit, { isEnabled, isActive, user: /^User=(.+)$/m.exec(text)?.[1] ?? '' }] as const
    }),
  )
  return new Map(states)
}

/** Files and folders that setup would create, as far as they exist. */
async function otherPaths(
  { files, self, platform }: Look,
  settingsFolders: readonly string[],
): Promise<ReadonlySet<string>> {
  const units = ((await files.list('/etc/systemd/system')) ?? []).filter(
    (name) => name.startsWith('kopia-metrics-agent') && name.endsWith('.d'),
  )
  const folders = [
    ...settingsFolders,
    credentialFolder,
    separateLogsFolder(self, self, platform),
    ...units.map((name) => join('/etc/systemd/system', name)),
  ]
  const found = await Promise.all(
    folders.map(async (folder) => ((await files.list(folder)) ?? []).map((name) => join(folder, name))),
  )
  return new Set(found.flat())
}
