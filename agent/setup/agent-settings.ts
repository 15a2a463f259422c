// The settings and secrets of one agent: what was given, and what only this agent needs.

import { dirname, join } from 'node:path'
import { defaultStateDirectory } from '../settings/default-folders.ts'
import { secretNameOf } from '../settings/names.ts'
import { freeName, groupsOf } from './assign.ts'
import type { Asked, Machine, Repository } from './facts.ts'
import { separateLogsFolder } from './places.ts'
import {
  type Answers,
  type Assignment,
  type SecretSetting,
  type SecretStep,
  secretSettings,
} from './plan-types.ts'
import type { Values } from './settings-file.ts'
import { credentialPath, unitOf } from './units.ts'

export type AgentSettings = {
  readonly values: Values
  readonly secrets: readonly SecretStep[]
  /** The log directory that Kopia has to be told, since another repository logs to the same one now. */
  readonly separateLogs: string | undefined
}

/** Decides them for a new agent. `all` are all repositories that were found, also those that are not chosen. */
export function settingsOfAgent(
  assignment: Assignment,
  all: readonly Repository[],
  machine: Machine,
  answers: Answers,
): AgentSettings {
  const { asked, name } = assignment
  const { repository } = asked
  const unit = unitOf(machine, name, answers)
  const separateLogs = separateLogsOf(repository, name, all, machine, answers)
  const logs = separateLogs ?? answers.settings.kopia_log_dir ?? repository.logDirectory
  const secrets = secretsOf(assignment, machine, answers)
  const isNamed = name !== undefined
  const isDefaultPlace =
    !isNamed && repository.isDefault && (unit !== undefined || isOwn(repository, machine))
  const values: Values = {
    ...apart(name, machine),
    ...answers.inherited,
    ...answers.settings,
    ...(answers.kopiaBinary !== undefined && { kopia_bin: answers.kopiaBinary }),
    ...(!isDefaultPlace && { kopia_config_path: repository.configPath }),
    ...((isNamed || !repository.isDefaultLog || answers.settings.kopia_log_dir !== undefined) && {
      kopia_log_dir: logs,
    }),
    ...(unit === undefined && isNamed && ownPlace(repository, name, machine)),
    // The system's units find their secrets by themselves.
    ...(!usesCredentials(machine, unit) &&
      Object.fromEntries(secrets.map(({ setting, path }) => [setting, path]))),
  }
  return { values, secrets: secrets.map(({ step }) => step), separateLogs }
}

function isOwn({ owner }: Repository, { self }: Machine): boolean {
  return owner.userId === self.userId
}

/** A push replaces its whole group, and one agent can listen on a port: beside another agent without a name, both differ. */
function apart(name: string | undefined, { neighbours, self }: Machine): Values {
  const rivals = name === undefined ? neighbours.filter((agent) => agent.name === undefined) : []
  const isGroupTaken = rivals.some(({ values }) => !values.grouping)
  const isPortTaken = rivals.some(({ values }) => values.listen === undefined)
  return {
    ...(isGroupTaken && { grouping: `agent=${freeName(self.name, groupsOf(neighbours))}` }),
    ...(isPortTaken && { listen: '' }),
  }
}

/** Without a unit, its file has to keep a named agent apart from others. */
function ownPlace({ owner: { userId, home } }: Repository, name: string, { platform }: Machine): Values {
  return {
    state_dir: join(defaultStateDirectory({}, { platform, userId, home }), 'instances', name),
    grouping: `agent=${name}`,
    listen: '',
  }
}

/** Undefined where Kopia's logs are those of one repository, and for KopiaUI, which has one log directory for all. */
function separateLogsOf(
  repository: Repository,
  name: string | undefined,
  all: readonly Repository[],
  machine: Machine,
  { settings }: Answers,
): string | undefined {
  if (name === undefined || repository.startedBy === 'KopiaUI' || settings.kopia_log_dir !== undefined)
    return undefined
  const sharers = all.filter(
    ({ configPath, logDirectory }) =>
      configPath !== repository.configPath && logDirectory === repository.logDirectory,
  )
  return sharers.length > 0
    ? join(separateLogsFolder(repository.owner, machine.self, machine.platform), name)
    : undefined
}

/** Whether the agent gets its secrets from systemd: the system's units load those of /etc/credstore. */
export function usesCredentials({ manager }: Machine, unit: string | undefined): boolean {
  return manager.kind === 'system' && unit !== undefined
}

/** Where a secret of an agent is kept. */
export function secretPath(
  machine: Machine,
  { name, file }: Pick<Assignment, 'name' | 'file'>,
  unit: string | undefined,
  setting: SecretSetting,
): string {
  const secret = secretNameOf(setting)
  if (usesCredentials(machine, unit)) return credentialPath(name, secret)
  return join(dirname(file), name === undefined ? secret : `${name}.${secret}`)
}

type Secret = {
  readonly setting: SecretSetting
  readonly path: string
  readonly step: SecretStep
}

function secretsOf(assignment: Assignment, machine: Machine, answers: Answers): readonly Secret[] {
  const unit = unitOf(machine, assignment.name, answers)
  return secretSettings.flatMap((setting): readonly Secret[] => {
    const text =
      setting === 'kopia_password_file' ? passwordOf(assignment.asked) : answers.secrets.get(setting)
    if (text === undefined) return []
    const path = secretPath(machine, assignment, unit, setting)
    const holds = wordsFor[setting]
    // systemd reads a credential as root, whoever the agent runs as.
    const owner = usesCredentials(machine, unit) ? machine.self : assignment.asked.repository.owner
    return [{ setting, path, step: { kind: 'create secret', path, holds, text, owner } }]
  })
}

function passwordOf({ answer }: Asked): string | undefined {
  if (answer.kind !== 'open' && answer.kind !== 'silent') return undefined
  return answer.password.kind === 'given' ? answer.password.text : undefined
}

const wordsFor: Readonly<Record<SecretSetting, string>> = {
  kopia_password_file: 'the password of the repository',
  pushgateway_password_file: 'the password for the gateway',
  pushgateway_bearer_token_file: 'the token for the gateway',
  pushgateway_key_file: "the private key of the agent's certificate",
  web_password_file: "the password of the agent's own page",
}
