// Reads the settings: default, file, credential, environment, flag, in that order of strength.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import convict from 'convict'
import {
  type Declaration,
  declarations,
  flagOf,
  isSettingName,
  type SettingName,
  settingNames,
  stringsByName,
} from './schema.ts'
import { ConfigError, type Environment, firstLine, type Settings, toSettings } from './settings.ts'

export type Flags = Readonly<Record<string, string | undefined>>

const defaultFile = '/etc/kopia-metrics-agent/config.yaml'

/**
 * Reads all settings: from the file, systemd's credentials, the environment and the flags, the last being the strongest.
 * `flags` are by flag name without dashes in front, `config` among them.
 * Rejects with a ConfigError of one line that names setting, value and place.
 */
export async function loadSettings(flags: Flags, environment: Environment): Promise<Settings> {
  const fromFile = await readConfigFile(flags.config)
  const config = convict(convictSchema(), { env: {}, args: [] })
  config.load(fromFile.values)
  config.load(credentialFiles(environment.CREDENTIALS_DIRECTORY))
  config.load(stringsByName((name) => environment[declarations[name].environment]))
  config.load(stringsByName((name) => flags[flagOf(name)]))
  const places = (name: SettingName) => placeOf(name, flags, environment, fromFile)
  try {
    config.validate({ allowed: 'strict' })
  } catch (error) {
    throw new ConfigError(firstLine(error))
  }
  return toSettings((name) => checked(name, config.get(name), places(name)), environment)
}

/** In words, from where `loadSettings` takes what is not its default. */
export async function settingPlaces(flags: Flags, environment: Environment): Promise<string> {
  const fromFile = await readConfigFile(flags.config)
  const counts = { default: 0, environment: 0, flag: 0, file: 0 }
  for (const name of settingNames()) {
    const [kind = ''] = placeOf(name, flags, environment, fromFile).split(' ')
    counts[kind === 'flag' || kind === 'environment' || kind === 'default' ? kind : 'file'] += 1
  }
  const told = [
    ...(existsSync(fromFile.path) ? [`${counts.file} from ${fromFile.path}`] : []),
    ...(counts.environment > 0 ? [`${counts.environment} from the environment`] : []),
    ...(counts.flag > 0 ? [`${counts.flag} from flags`] : []),
  ]
  return told.length === 0 ? 'all settings at their defaults' : `settings: ${told.join(', ')}`
}

function convictSchema(): convict.Schema<Record<SettingName, string>> {
  const entries = settingNames().map((name) => {
    const { default: fallback, doc } = declarations[name]
    return [name, { default: fallback, doc, format: '*' }]
  })
  return Object.fromEntries(entries)
}

/**
 * LoadCredential= of systemd.exec(5): a credential `kopia-metrics-agent.kopia-password` is the file that the setting
 * `kopia_password_file` names, and so with every `…_file`.
 */
function credentialFiles(directory: string | undefined): Record<string, string> {
  if (directory === undefined) return {}
  return stringsByName((name) => {
    const path = join(directory, `kopia-metrics-agent.${flagOf(name).replace(/-file$/, '')}`)
    return name.endsWith('_file') && existsSync(path) ? path : undefined
  })
}

type ConfigFile = { readonly path: string; readonly values: Readonly<Record<string, unknown>> }

async function readConfigFile(given: string | undefined): Promise<ConfigFile> {
  const path = given ?? defaultFile
  if (given === undefined && !existsSync(path)) return { path, values: {} }
  const values = await parseConfigFile(path)
  for (const key of Object.keys(values)) {
    if (!isSettingName(key))
      throw new ConfigError(`${path}: unknown setting ${key}: see --help for all there are`)
  }
  return { path, values }
}

async function parseConfigFile(path: string): Promise<Record<string, unknown>> {
  const { readYamlFile } = await import('./yaml-file.ts')
  let content: unknown
  try {
    content = readYamlFile(path) ?? {}
  } catch (error) {
    throw new ConfigError(`${path}: it can't be read as YAML: ${firstLine(error)}`)
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new ConfigError(`${path}: expected lines of the form "setting: value"`)
  }
  return { ...content }
}

function placeOf(name: SettingName, flags: Flags, environment: Environment, file: ConfigFile): string {
  if (flags[flagOf(name)] !== undefined) return `flag --${flagOf(name)}`
  if (environment[declarations[name].environment] !== undefined)
    return `environment ${declarations[name].environment}`
  if (credentialFiles(environment.CREDENTIALS_DIRECTORY)[name] !== undefined) return `credential of ${name}`
  return Object.hasOwn(file.values, name) ? `${file.path}, ${name}` : `default of ${name}`
}

/** A number or a boolean in YAML is fine where its text is; a list or an object never is. */
function checked(name: SettingName, value: unknown, place: string): string {
  const declaration: Declaration = declarations[name]
  const shown = declaration.secret ? '(secret)' : JSON.stringify(value)
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
    throw new ConfigError(`${place}: expected a text, found ${shown}`)
  }
  try {
    declaration.check(String(value))
  } catch (error) {
    throw new ConfigError(`${place}: ${firstLine(error)}, found ${shown}`)
  }
  return String(value)
}
