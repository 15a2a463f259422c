// Every setting, once: default, file, environment, flag, in that order of strength.

import { existsSync, readFileSync } from 'node:fs'
import { homedir, hostname } from 'node:os'
import { join } from 'node:path'
import convict from 'convict'
import { parse as parseYaml } from 'yaml'
import type { Credentials } from './push/pushgateway.ts'
import type { TlsFiles } from './push/request.ts'
import {
  checkCron,
  checkNotEmpty,
  checkUrl,
  type ListenAddress,
  oneOf,
  parseDurationMs,
  parseGrouping,
  parseInstant,
  parseList,
  parseListen,
  parseSpacingSeconds,
} from './setting-formats.ts'
import type { SourcePatterns } from './source-filter.ts'
import type { Login } from './web/login.ts'

/** A setting that makes no sense; its message is one line for the user. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

type Declaration = {
  readonly default: string
  readonly environment: string
  /** What it means, for the README's table. */
  readonly doc: string
  /** Throws an Error that says what was expected. */
  readonly check: (value: string) => void
  /** Never printed. */
  readonly secret?: true
}

/** In the file the keys are these names; the flag is the name with dashes. */
export const declarations = {
  pushgateway_url: {
    default: 'http://127.0.0.1:9091',
    environment: 'KOPIA_METRICS_PUSHGATEWAY_URL',
    doc: 'the gateway; empty turns pushing off',
    check: checkUrl,
  },
  pushgateway_username: setting('KOPIA_METRICS_PUSHGATEWAY_USERNAME', 'user name for basic authentication'),
  pushgateway_password: {
    ...setting('KOPIA_METRICS_PUSHGATEWAY_PASSWORD', 'its password; better in a file'),
    secret: true,
  },
  pushgateway_password_file: setting(
    'KOPIA_METRICS_PUSHGATEWAY_PASSWORD_FILE',
    'a file that holds the password',
  ),
  pushgateway_bearer_token_file: setting(
    'KOPIA_METRICS_PUSHGATEWAY_BEARER_TOKEN_FILE',
    'a file that holds a bearer token, in place of user name and password',
  ),
  pushgateway_ca_file: setting(
    'KOPIA_METRICS_PUSHGATEWAY_CA_FILE',
    "certificates to check the gateway's by, in PEM; empty: those that Node.js comes with",
  ),
  pushgateway_cert_file: setting(
    'KOPIA_METRICS_PUSHGATEWAY_CERT_FILE',
    "the agent's own certificate, in PEM, for a gateway that asks for one",
  ),
  pushgateway_key_file: setting('KOPIA_METRICS_PUSHGATEWAY_KEY_FILE', 'its private key, in PEM'),
  pushgateway_timeout: {
    default: '10s',
    environment: 'KOPIA_METRICS_PUSHGATEWAY_TIMEOUT',
    doc: 'how long one push may take',
    check: (value) => void parseDurationMs(value),
  },
  job: {
    default: 'kopia',
    environment: 'KOPIA_METRICS_JOB',
    doc: 'the label `job` of the group',
    check: checkNotEmpty,
  },
  instance: setting('KOPIA_METRICS_INSTANCE', 'the label `instance` of the group; empty: the host name'),
  grouping: {
    default: '',
    environment: 'KOPIA_METRICS_GROUPING',
    doc: 'further labels of the group, as `site=berlin,env=prod`',
    check: (value) => void parseGrouping(value),
  },
  listen: {
    default: '127.0.0.1:9192',
    environment: 'KOPIA_METRICS_LISTEN',
    doc: 'address of `/metrics`; empty turns it off',
    check: (value) => void parseListen(value),
  },
  web_username: setting(
    'KOPIA_METRICS_WEB_USERNAME',
    'user name that this address asks for; empty: it asks for none',
  ),
  web_password_file: setting('KOPIA_METRICS_WEB_PASSWORD_FILE', 'a file that holds the password it asks for'),
  textfile: setting('KOPIA_METRICS_TEXTFILE', "a `.prom` file for node-exporter's textfile collector"),
  state_dir: setting(
    'KOPIA_METRICS_STATE_DIR',
    'the ledger, and `spool/` in it; empty: `/var/lib/kopia-metrics-agent` for root, ' +
      '`$XDG_STATE_HOME/kopia-metrics-agent` or `~/.local/state/kopia-metrics-agent` for a user',
  ),
  kopia_bin: {
    default: 'kopia',
    environment: 'KOPIA_METRICS_KOPIA_BIN',
    doc: "Kopia's CLI",
    check: checkNotEmpty,
  },
  prometheus_url: {
    default: '',
    environment: 'KOPIA_METRICS_PROMETHEUS_URL',
    doc: 'the Prometheus that `check` asks whether it has what was pushed; empty: it asks none',
    check: checkUrl,
  },
  scope: {
    default: 'local',
    environment: 'KOPIA_METRICS_SCOPE',
    doc: '`local`: the sources of this user@host; `all`: every source of the repository',
    check: oneOf('local', 'all'),
  },
  sources_include: setting(
    'KOPIA_METRICS_SOURCES_INCLUDE',
    'patterns on `user@host:path`, separated by commas: only these sources; `*` stops at a slash, `**` does not',
  ),
  sources_exclude: setting('KOPIA_METRICS_SOURCES_EXCLUDE', 'the same: not these sources'),
  always_on: {
    default: 'true',
    environment: 'KOPIA_METRICS_ALWAYS_ON',
    doc: '`false` on a machine that sleeps or travels: its silence alone is then no alarm',
    check: oneOf('true', 'false'),
  },
  refresh_schedule: {
    default: '*/5 * * * *',
    environment: 'KOPIA_METRICS_REFRESH_SCHEDULE',
    doc: 'cron: when to push even if nothing happened, at an offset that is fixed per instance',
    check: checkCron,
  },
  repository_schedule: {
    default: '17 */6 * * *',
    environment: 'KOPIA_METRICS_REPOSITORY_SCHEDULE',
    doc: 'cron: when to ask the repository for its size',
    check: checkCron,
  },
  backfill_until: {
    default: '',
    environment: 'KOPIA_METRICS_BACKFILL_UNTIL',
    doc: 'up to when `backfill` writes, as `2026-11-24T12:00:00Z`; empty: until this agent began to count, or now',
    check: (value) => void parseInstant(value),
  },
  backfill_recent_period: {
    default: '90d',
    environment: 'KOPIA_METRICS_BACKFILL_RECENT_PERIOD',
    doc: 'for how long before now `backfill` writes samples close enough for continuous graphs',
    check: (value) => void parseDurationMs(value),
  },
  backfill_recent_spacing: {
    default: '5m',
    environment: 'KOPIA_METRICS_BACKFILL_RECENT_SPACING',
    doc: 'one sample per this time in that period; Prometheus looks back 5 minutes',
    check: (value) => void parseSpacingSeconds(value),
  },
  backfill_older_spacing: {
    default: '1h',
    environment: 'KOPIA_METRICS_BACKFILL_OLDER_SPACING',
    doc: 'one sample per this time before that period',
    check: (value) => void parseSpacingSeconds(value),
  },
  log_level: {
    default: 'info',
    environment: 'KOPIA_METRICS_LOG_LEVEL',
    doc: '`error`, `warn`, `info` or `debug`',
    check: oneOf('error', 'warn', 'info', 'debug'),
  },
  log_format: {
    default: 'text',
    environment: 'KOPIA_METRICS_LOG_FORMAT',
    doc: '`text`, or `json` for machines',
    check: oneOf('text', 'json'),
  },
  kopia_log_dir: setting('KOPIA_LOG_DIR', "Kopia's log directory; empty: Kopia's own default"),
  kopia_config_path: setting('KOPIA_CONFIG_PATH', "Kopia's configuration file; empty: Kopia's own default"),
  kopia_password: {
    ...setting('KOPIA_PASSWORD', "the repository's password; empty: the one that Kopia keeps"),
    secret: true,
  },
} as const satisfies Record<string, Declaration>

export type SettingName = keyof typeof declarations

export type Settings = {
  /** Undefined: no pushing. */
  readonly gateway: GatewaySettings | undefined
  /** Undefined: no listener. */
  readonly listen: ListenAddress | undefined
  /** Undefined: the listener answers everybody. */
  readonly webLogin: Login | undefined
  readonly instance: string
  readonly textfile: string | undefined
  readonly stateDirectory: string
  readonly kopiaBinary: string
  readonly kopiaConfigPath: string
  readonly kopiaPassword: string
  /** As it was set; empty for Kopia's own. */
  readonly kopiaLogDirectory: string
  readonly cliLogs: string
  /** Undefined: `check` asks none. */
  readonly prometheusUrl: string | undefined
  readonly scope: 'local' | 'all'
  readonly sources: SourcePatterns
  readonly alwaysOn: boolean
  readonly refreshSchedule: string
  readonly repositorySchedule: string
  /** What every series of this agent carries beside its own labels, gateway or not. */
  readonly groupLabels: Readonly<Record<string, string>>
  readonly backfill: BackfillSettings
  readonly logLevel: string
  readonly logFormat: 'text' | 'json'
}

export type BackfillSettings = {
  /** Unix seconds; undefined: until the agent began to count, or now. */
  readonly until: number | undefined
  readonly recentPeriodSeconds: number
  readonly recentSpacingSeconds: number
  readonly olderSpacingSeconds: number
}

export type GatewaySettings = {
  readonly url: string
  readonly job: string
  readonly grouping: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly credentials: Credentials
  readonly tls: TlsFiles
}

export type Flags = Readonly<Record<string, string | undefined>>
export type Environment = Readonly<Record<string, string | undefined>>

const defaultFile = '/etc/kopia-metrics-agent/config.yaml'

/**
 * Reads all settings. `flags` are by flag name without dashes in front, `config` among them.
 * Throws a ConfigError of one line that names setting, value and place.
 */
export function loadSettings(flags: Flags, environment: Environment): Settings {
  const fromFile = readConfigFile(flags.config)
  const config = convict(convictSchema(), { env: {}, args: [] })
  config.load(fromFile.values)
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
export function settingPlaces(flags: Flags, environment: Environment): string {
  const fromFile = readConfigFile(flags.config)
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

/** The flag of a setting, without its dashes: `pushgateway-url`. */
export function flagOf(name: SettingName): string {
  return name.replaceAll('_', '-')
}

/** The names of all settings, in the order of their declarations. */
export function settingNames(): readonly SettingName[] {
  return Object.keys(declarations).filter(isSettingName)
}

function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(declarations, name)
}

function convictSchema(): convict.Schema<Record<SettingName, string>> {
  const entries = settingNames().map((name) => {
    const { default: fallback, doc } = declarations[name]
    return [name, { default: fallback, doc, format: '*' }]
  })
  return Object.fromEntries(entries)
}

function stringsByName(textOf: (name: SettingName) => string | undefined): Record<string, string> {
  const found: Record<string, string> = {}
  for (const name of settingNames()) {
    const value = textOf(name)
    if (value !== undefined) found[name] = value
  }
  return found
}

type ConfigFile = { readonly path: string; readonly values: Readonly<Record<string, unknown>> }

function readConfigFile(given: string | undefined): ConfigFile {
  const path = given ?? defaultFile
  if (given === undefined && !existsSync(path)) return { path, values: {} }
  const values = parseConfigFile(path)
  for (const key of Object.keys(values)) {
    if (!isSettingName(key))
      throw new ConfigError(`${path}: unknown setting ${key}: see --help for all there are`)
  }
  return { path, values }
}

function parseConfigFile(path: string): Record<string, unknown> {
  let content: unknown
  try {
    content = parseYaml(readFileSync(path, 'utf8')) ?? {}
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

function toSettings(get: (name: SettingName) => string, environment: Environment): Settings {
  const values = stringsByName(get) as Record<SettingName, string>
  const logDirectory = values.kopia_log_dir || defaultLogDirectory(environment)
  return {
    gateway: values.pushgateway_url === '' ? undefined : toGateway(values),
    listen: parseListen(values.listen),
    webLogin: toWebLogin(values),
    instance: values.instance || hostname(),
    textfile: values.textfile || undefined,
    stateDirectory: values.state_dir || defaultStateDirectory(environment),
    kopiaBinary: values.kopia_bin,
    kopiaConfigPath: values.kopia_config_path,
    kopiaPassword: values.kopia_password,
    kopiaLogDirectory: values.kopia_log_dir,
    cliLogs: join(logDirectory, 'cli-logs'),
    prometheusUrl: values.prometheus_url || undefined,
    scope: values.scope === 'all' ? 'all' : 'local',
    sources: { include: parseList(values.sources_include), exclude: parseList(values.sources_exclude) },
    alwaysOn: values.always_on === 'true',
    refreshSchedule: values.refresh_schedule,
    repositorySchedule: values.repository_schedule,
    groupLabels: {
      job: values.job,
      instance: values.instance || hostname(),
      ...parseGrouping(values.grouping),
    },
    backfill: {
      until: parseInstant(values.backfill_until),
      recentPeriodSeconds: parseDurationMs(values.backfill_recent_period) / 1000,
      recentSpacingSeconds: parseSpacingSeconds(values.backfill_recent_spacing),
      olderSpacingSeconds: parseSpacingSeconds(values.backfill_older_spacing),
    },
    logLevel: values.log_level,
    logFormat: values.log_format === 'json' ? 'json' : 'text',
  }
}

function toGateway(values: Record<SettingName, string>): GatewaySettings {
  return {
    url: values.pushgateway_url,
    job: values.job,
    grouping: parseGrouping(values.grouping),
    timeoutMs: parseDurationMs(values.pushgateway_timeout),
    credentials: toCredentials(values),
    tls: toTlsFiles(values),
  }
}

function toTlsFiles(values: Record<SettingName, string>): TlsFiles {
  const [ca, certificate, key] = (
    ['pushgateway_ca_file', 'pushgateway_cert_file', 'pushgateway_key_file'] as const
  ).map((name) => readableFile(name, values[name]))
  if ((certificate === undefined) !== (key === undefined)) {
    throw new ConfigError('pushgateway_cert_file and pushgateway_key_file: expected both of them, found one')
  }
  return { ...(ca && { ca }), ...(certificate && { certificate }), ...(key && { key }) }
}

/** Undefined where none is set. */
function readableFile(name: SettingName, path: string): string | undefined {
  if (path === '') return undefined
  readSecret(name, path)
  return path
}

function toWebLogin(values: Record<SettingName, string>): Login | undefined {
  const { web_username: username, web_password_file: file } = values
  if (username === '' && file === '') return undefined
  if (username === '' || file === '') {
    throw new ConfigError('web_username and web_password_file: expected both of them, found one')
  }
  return { username, password: readSecret('web_password_file', file) }
}

function toCredentials(values: Record<SettingName, string>): Credentials {
  const tokenFile = values.pushgateway_bearer_token_file
  if (tokenFile !== '') {
    return { kind: 'bearer', token: readSecret('pushgateway_bearer_token_file', tokenFile) }
  }
  if (values.pushgateway_username === '') return { kind: 'none' }
  const passwordFile = values.pushgateway_password_file
  const password =
    passwordFile === '' ? values.pushgateway_password : readSecret('pushgateway_password_file', passwordFile)
  return { kind: 'basic', username: values.pushgateway_username, password }
}

function readSecret(name: SettingName, path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    throw new ConfigError(`${name}: ${path} can't be read: ${firstLine(error)}`)
  }
}

/** os.UserCacheDir of Go, which Kopia uses: see the field notes for both systems. */
function defaultLogDirectory(environment: Environment): string {
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Logs', 'kopia')
  return join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'kopia')
}

function defaultStateDirectory(environment: Environment): string {
  if (process.getuid?.() === 0) return '/var/lib/kopia-metrics-agent'
  return join(environment.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'kopia-metrics-agent')
}

function setting(environment: string, doc: string) {
  return { default: '', environment, doc, check: () => undefined } satisfies Declaration
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
}
