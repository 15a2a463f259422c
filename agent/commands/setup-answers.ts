// The answers to setup's questions as flags and environment give them.

import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { ConfigError } from '../settings/config-error.ts'
import type { Flags } from '../settings/load.ts'
import { flagOf, type SettingName, settingNames } from '../settings/names.ts'
import { declarations } from '../settings/schema.ts'
import type { ExistingAgent, Machine } from '../setup/facts.ts'
import { type Answers, type SecretSetting, secretSettings } from '../setup/plan-types.ts'
import type { Values } from '../setup/settings-file.ts'
import { firstLine } from '../util/error-text.ts'
import { choiceOf, hookChoices, unitChoices } from './choices.ts'

export type SetupOptions = {
  readonly unit: string | undefined
  readonly name: string | undefined
  readonly hooks: string | undefined
}

type Environment = Readonly<Record<string, string | undefined>>

/** Setup finds these by itself, or keeps them out of the configuration file. */
const notWritten: ReadonlySet<SettingName> = new Set<SettingName>([
  'kopia_config_path',
  'kopia_bin',
  'kopia_password',
  'pushgateway_password',
  ...secretSettings,
])

/** Settings that hold where to push and as what machine, which a further agent takes over from one that exists. */
const inheritable: readonly SettingName[] = [
  'pushgateway_url',
  'push_target',
  'job',
  'instance',
  'pushgateway_username',
  'pushgateway_ca_file',
  'pushgateway_cert_file',
  'prometheus_url',
]

/** Throws a ConfigError for an option with another value, and for a password on the command line, which everybody can see. */
export async function answersOf(
  flags: Flags,
  environment: Environment,
  { unit, name, hooks = 'where-needed' }: SetupOptions,
  machine: Machine,
): Promise<Answers> {
  if (name !== undefined && !/^\w[\w.-]*$/.test(name)) {
    throw new ConfigError(
      `flag --name: expected letters, digits, dots and dashes, found ${JSON.stringify(name)}`,
    )
  }
  const existing = machine.agents[0] ?? systemAgent(machine)
  const inherited = inheritable.flatMap((key) => {
    const value = existing?.values[key]
    return value === undefined ? [] : [[key, value]]
  })
  return {
    settings: givenSettings(flags, environment),
    inherited: Object.fromEntries(inherited),
    secrets: await givenSecrets(flags, environment),
    kopiaBinary: undefined,
    unit: unit === undefined ? 'usual' : choiceOf(unitChoices, 'unit', unit),
    name,
    hooks: choiceOf(hookChoices, 'hooks', hooks) === 'no' ? 'never' : 'where needed',
    configFile: flags.config === undefined ? undefined : resolve(flags.config),
  }
}

/** The agent whose file counts for a user who has none. */
function systemAgent({ self, neighbours }: Machine): ExistingAgent | undefined {
  return self.userId === 0 ? undefined : neighbours.find(({ name }) => name === undefined)
}

function givenSettings(flags: Flags, environment: Environment): Values {
  const given = settingNames().flatMap((name) => {
    const value = givenValue(name, flags, environment)
    return value === undefined || notWritten.has(name) ? [] : [[name, absolute(name, oneLine(name, value))]]
  })
  return Object.fromEntries(given)
}

/** The value of a setting that was given; undefined if none was. */
export function givenValue(name: SettingName, flags: Flags, environment: Environment): string | undefined {
  return flags[flagOf(name)] ?? environment[declarations[name].environment]
}

/** An environment file can't hold other characters. */
function oneLine(name: SettingName, value: string): string {
  if (!/\p{Cc}/u.test(value)) return value
  throw new ConfigError(
    `${name}: expected one line without control characters, found ${JSON.stringify(value)}`,
  )
}

/** A unit has another working directory. */
function absolute(name: SettingName, value: string): string {
  return value !== '' && /_file$|_dir$|^textfile$/.test(name) ? resolve(value) : value
}

async function givenSecrets(
  flags: Flags,
  environment: Environment,
): Promise<ReadonlyMap<SecretSetting, string>> {
  for (const name of ['kopia-password', 'pushgateway-password'] as const) {
    if (flags[name] !== undefined) {
      throw new ConfigError(
        `flag --${name}: others can see it in the list of processes; name a file by --${name}-file`,
      )
    }
  }
  const texts = new Map<SecretSetting, string>()
  const direct: Readonly<Partial<Record<SecretSetting, string | undefined>>> = {
    kopia_password_file: environment[declarations.kopia_password.environment],
    pushgateway_password_file: environment[declarations.pushgateway_password.environment],
  }
  for (const setting of secretSettings) {
    const path = givenValue(setting, flags, environment)
    const text = path ? await readSecretFile(setting, path) : direct[setting]
    if (text) texts.set(setting, text)
  }
  return texts
}

async function readSecretFile(setting: SecretSetting, path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    throw new ConfigError(`${setting}: ${path} can't be read: ${firstLine(error)}`)
  }
}
