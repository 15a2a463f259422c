// Loads the settings from defaults, file, systemd's credentials, environment and flags; the later overrides the earlier.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import convict from 'convict'
import { firstLine } from '../util/error-text.ts'
import { ConfigError } from './config-error.ts'
import { defaultConfigFiles, type Environment, type Machine, thisMachine } from './default-folders.ts'
import {
  credentialNameOf,
  flagOf,
  isSettingName,
  type SettingName,
  settingNames,
  stringsByName,
} from './names.ts'
import { type Declaration, declarations } from './schema.ts'
import { type Settings, toSettings } from './settings.ts'

export type Flags = Readonly<Record<string, string | undefined>>

/**
 * Loads all settings. The keys of `flags` are the flags' names without the leading dashes; `config` is one of them.
 * Rejects with a ConfigError of one line that names the setting, its value and its origin.
 */
export async function loadSettings(
  flags: Flags,
  environment: Environment,
  machine: Machine = thisMachine(),
): Promise<Settings> {
  const fromFile = await readConfigFile(flags.config, defaultConfigFiles(environment, machine))
  const config = convict(convictSchema(), { env: {}, args: [] })
  config.load(fromFile.values)
  config.load(credentialFiles(environment.CREDENTIALS_DIRECTORY))
  config.load(stringsByName((name) => environment[declarations[name].environment]))
  config.load(stringsByName((name) => flags[flagOf(name)]))
  const originOfSetting = (name: SettingName) => originOf(name, flags, environment, fromFile)
  try {
    config.validate({ allowed: 'strict' })
  } catch (error) {
    throw new ConfigError(firstLine(error))
  }
  return toSettings((name) => checked(name, config.get(name), originOfSetting(name)), environment, machine)
}

/** Describes where `loadSettings` takes the settings from, for `check`. */
export async function settingOrigins(
  flags: Flags,
  environment: Environment,
  machine: Machine = thisMachine(),
): Promise<string> {
  const fromFile = await readConfigFile(flags.config, defaultConfigFiles(environment, machine))
  const counts = { default: 0, environment: 0, flag: 0, file: 0 }
  for (const name of settingNames()) {
    const [kind = ''] = originOf(name, flags, environment, fromFile).split(' ')
    counts[kind === 'flag' || kind === 'environment' || kind === 'default' ? kind : 'file'] += 1
  }
  const origins = [
    ...(fromFile.path !== '' ? [`${counts.file} from ${fromFile.path}`] : []),
    ...(counts.environment > 0 ? [`${counts.environment} from the environment`] : []),
    ...(counts.flag > 0 ? [`${counts.flag} from flags`] : []),
  ]
  return origins.length === 0 ? 'all settings at their defaults' : `settings: ${origins.join(', ')}`
}

function convictSchema(): convict.Schema<Record<SettingName, string>> {
  const entries = settingNames().map((name) => {
    const { default: fallback, doc } = declarations[name]
    return [name, { default: fallback, doc, format: '*' }]
  })
  return Object.fromEntries(entries)
}

/**
 * systemd's credentials. Each sets a setting `…_file` to its own path.
 */
function credentialFiles(directory: string | undefined): Record<string, string> {
  if (directory === undefined) return {}
  return stringsByName((name) => {
    const path = join(directory, credentialNameOf(name))
    return name.endsWith('_file') && existsSync(path) ? path : undefined
  })
}

type ConfigFile = { readonly path: string; readonly values: Readonly<Record<string, unknown>> }

async function readConfigFile(given: string | undefined, usual: readonly string[]): Promise<ConfigFile> {
  const path = given ?? usual.find((file) => existsSync(file))
  if (path === undefined) return { path: '', values: {} }
  const values = await parseConfigFile(path)
  for (const key of Object.keys(values)) {
    if (!isSettingName(key))
      throw new ConfigError(`${path}: unknown setting ${key}; --help lists all settings`)
  }
  return { path, values }
}

async function parseConfigFile(path: string): Promise<Readonly<Record<string, unknown>>> {
  const { settingsInYaml } = await import('./yaml-file.ts')
  return settingsInYaml(textOf(path), path)
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new ConfigError(`${path}: it can't be read: ${firstLine(error)}`)
  }
}

function originOf(name: SettingName, flags: Flags, environment: Environment, file: ConfigFile): string {
  if (flags[flagOf(name)] !== undefined) return `flag --${flagOf(name)}`
  if (environment[declarations[name].environment] !== undefined)
    return `environment ${declarations[name].environment}`
  if (credentialFiles(environment.CREDENTIALS_DIRECTORY)[name] !== undefined) return `credential of ${name}`
  return Object.hasOwn(file.values, name) ? `${file.path}, ${name}` : `default of ${name}`
}

/** Accepts numbers and booleans of YAML as their texts; rejects lists and objects. */
function checked(name: SettingName, value: unknown, origin: string): string {
  const declaration: Declaration = declarations[name]
  const shown = declaration.secret ? '(secret)' : withoutLogin(JSON.stringify(value))
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
    throw new ConfigError(`${origin}: expected a text, found ${shown}`)
  }
  try {
    declaration.check(String(value))
  } catch (error) {
    throw new ConfigError(`${origin}: ${firstLine(error)}, found ${shown}`)
  }
  return String(value)
}

/** A URL without what stands before the host; without all before the last @ if it is no URL, since a password may hold slashes. */
function withoutLogin(value: string): string {
  return value.replace(/:\/\/.*@/, '://***@')
}
