// Machines, files and answers as data, for the tests of setup.

import { dirname } from 'node:path'
import type { Asked, Machine, Person, Repository } from '../../../agent/setup/facts.ts'
import type { Files } from '../../../agent/setup/files.ts'
import type { Answers } from '../../../agent/setup/plan-types.ts'

export const root: Person = { name: 'root', userId: 0, groupId: 0, home: '/root' }
export const alice: Person = { name: 'alice', userId: 1000, groupId: 1000, home: '/home/alice' }

type Entry = { readonly text: string; readonly owner: number }

/** Files by path; the folders that hold them exist, too. `closed` are folders that this user can't list. */
export function filesWith(entries: Readonly<Record<string, Entry>>, closed: readonly string[] = []): Files {
  const paths = Object.keys(entries)
  const below = (folder: string) => paths.filter((path) => path.startsWith(`${folder}/`))
  return {
    list: async (folder) => {
      if (closed.includes(folder)) return undefined
      return [...new Set(below(folder).map((path) => path.slice(folder.length + 1).split('/')[0] ?? ''))]
    },
    read: async (path) => (closed.includes(dirname(path)) ? undefined : entries[path]?.text),
    ownerOf: async (path) => entries[path]?.owner ?? entries[below(path)[0] ?? '']?.owner,
  }
}

/** A file of this owner. */
export function file(owner: Person, text = ''): Entry {
  return { text, owner: owner.userId }
}

/** The configuration of a Kopia that is connected to a folder. */
export function connected(owner: Person, path = '/srv/repository'): Entry {
  return file(owner, JSON.stringify({ storage: { type: 'filesystem', config: { path } } }))
}

/** Root's default repository, whose logs tell of its backups. */
export function repositoryOf(owner: Person, changes: Partial<Repository> = {}): Repository {
  return {
    configPath: `${owner.home}/.config/kopia/repository.config`,
    owner,
    isDefault: changes.configPath === undefined,
    startedBy: 'command line',
    logDirectory: `${owner.home}/.cache/kopia`,
    isDefaultLog: changes.logDirectory === undefined,
    hasBackupLogs: true,
    ...changes,
  }
}

/** A repository that Kopia opens with a password of its own. */
export function opened(
  repository: Repository,
  changes: Partial<Asked['answer'] & { kind: 'open' }> = {},
): Asked {
  const answer = {
    kind: 'open',
    user: repository.owner.name,
    host: 'nas',
    areActionsEnabled: false,
    password: { kind: 'stored by Kopia' },
    blindSources: [],
    ...changes,
  } as const
  return { repository, answer }
}

/** A machine with the packages, on which no agent is set up yet. */
export function machineOf(self: Person, changes: Partial<Machine> = {}): Machine {
  const isRoot = self.userId === 0
  const settingsFolder = isRoot ? '/etc/kopia-metrics-agent' : `${self.home}/.config/kopia-metrics-agent`
  return {
    platform: 'linux',
    self,
    manager: isRoot ? { kind: 'system' } : { kind: 'user', staysAfterLogout: true },
    settingsFolder,
    units: new Map(),
    files: isRoot
      ? new Map([[`${settingsFolder}/config.yaml`, { kind: 'idle', text: '# comments\n' }]])
      : new Map(),
    agents: [],
    neighbours: [],
    others: new Set(),
    ...changes,
  }
}

/** What `setup --yes` answers beside a gateway of this machine. */
export function usualAnswers(changes: Partial<Answers> = {}): Answers {
  return {
    settings: {},
    inherited: { pushgateway_url: 'http://127.0.0.1:9091' },
    secrets: new Map(),
    kopiaBinary: undefined,
    unit: 'usual',
    name: undefined,
    hooks: 'where needed',
    configFile: undefined,
    ...changes,
  }
}
