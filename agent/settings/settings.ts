// Turns the texts of the settings into the values that the agent uses.

import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { configurationPathOf } from '../kopia/runs/configuration.ts'
import type { SourcePatterns } from '../kopia/source-patterns.ts'
import type { LimitSettings } from '../limits/context.ts'
import type { Login } from '../web/login.ts'
import { ConfigError } from './config-error.ts'
import {
  defaultInstance,
  defaultLogDirectory,
  defaultStateDirectory,
  type Environment,
  type Machine,
} from './default-folders.ts'
import {
  type ListenAddress,
  parseDurationMs,
  parseGrouping,
  parseInstant,
  parseList,
  parseListen,
  parseSpacingSeconds,
} from './formats.ts'
import { type GatewaySettings, toGateway } from './gateway.ts'
import { kopiaBinaryOf } from './kopia-binary.ts'
import { type Lifetime, toLifetime } from './lifetime.ts'
import { toLimits } from './limits.ts'
import { type SettingName, stringsByName } from './names.ts'
import { readSecret, secretOf } from './secret-files.ts'
import { toVerify, type VerifySettings } from './verify.ts'

export type Settings = {
  /** Undefined: the agent does not push. */
  readonly gateway: GatewaySettings | undefined
  /** Undefined: the agent does not listen. */
  readonly listen: ListenAddress | undefined
  /** Undefined: the listener requires no login. */
  readonly webLogin: Login | undefined
  /** Further host names that the listener answers to. */
  readonly webAllowedHosts: readonly string[]
  readonly instance: string
  readonly textfile: string | undefined
  readonly stateDirectory: string
  readonly kopiaBinary: string
  /** Undefined: the usual time limit of each command. */
  readonly kopiaTimeLimitMs: number | undefined
  readonly kopiaConfigPath: string
  /** The configuration file that Kopia uses, its default included. */
  readonly resolvedKopiaConfigPath: string
  readonly kopiaPassword: string
  /** As set; empty for Kopia's default. */
  readonly kopiaLogDirectory: string
  readonly cliLogs: string
  /** Undefined: `check` queries no Prometheus. */
  readonly prometheusUrl: string | undefined
  readonly scope: 'local' | 'all'
  readonly sources: SourcePatterns
  readonly alwaysOn: boolean
  readonly lifetime: Lifetime
  readonly limits: LimitSettings
  readonly verify: VerifySettings
  readonly refreshSchedule: string
  readonly repositorySchedule: string
  /** Labels of the group, which every series has, with or without a gateway. */
  readonly groupLabels: Readonly<Record<string, string>>
  readonly backfill: BackfillSettings
  readonly logLevel: string
  readonly logFormat: 'text' | 'json'
}

type BackfillSettings = {
  /** Unix seconds; undefined: the first start of the agent, or now. */
  readonly until: number | undefined
  readonly recentPeriodSeconds: number
  readonly recentSpacingSeconds: number
  readonly olderSpacingSeconds: number
}

/** Builds the settings; throws a ConfigError if a file can't be read or a setting lacks its counterpart. */
export function toSettings(
  get: (name: SettingName) => string,
  environment: Environment,
  machine: Machine,
): Settings {
  const values = stringsByName(get) as Record<SettingName, string>
  const logDirectory = values.kopia_log_dir || defaultLogDirectory(environment, machine)
  const instance = values.instance || defaultInstance(hostname(), machine)
  const gateway = values.pushgateway_url === '' ? undefined : toGateway(values)
  return {
    gateway,
    listen: parseListen(values.listen),
    webLogin: toWebLogin(values),
    webAllowedHosts: parseList(values.web_allowed_hosts),
    instance,
    textfile: values.textfile || undefined,
    stateDirectory: values.state_dir || defaultStateDirectory(environment, machine),
    kopiaBinary: kopiaBinaryOf(values.kopia_bin, {
      platform: machine.platform,
      searchPath: environment.PATH,
      exists: existsSync,
    }),
    kopiaTimeLimitMs: values.kopia_timeout === '' ? undefined : parseDurationMs(values.kopia_timeout),
    kopiaConfigPath: values.kopia_config_path,
    resolvedKopiaConfigPath: configurationPathOf(values.kopia_config_path, environment, machine.platform),
    kopiaPassword: secretOf(values, 'kopia_password'),
    kopiaLogDirectory: values.kopia_log_dir,
    cliLogs: join(logDirectory, 'cli-logs'),
    prometheusUrl: values.prometheus_url || undefined,
    scope: values.scope === 'all' ? 'all' : 'local',
    sources: { include: parseList(values.sources_include), exclude: parseList(values.sources_exclude) },
    alwaysOn: values.always_on === 'true',
    lifetime: toLifetime(values, gateway?.target, values.textfile),
    limits: toLimits(values.overdue_grace, values.expected_interval, values.verify_schedule),
    verify: toVerify(values),
    refreshSchedule: values.refresh_schedule,
    repositorySchedule: values.repository_schedule,
    groupLabels: {
      job: values.job,
      instance,
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

function toWebLogin(values: Record<SettingName, string>): Login | undefined {
  const { web_username: username, web_password_file: file } = values
  if (username === '' && file === '') return undefined
  if (username === '' || file === '') {
    throw new ConfigError('web_username and web_password_file: expected both of them, found one')
  }
  return { username, password: readSecret('web_password_file', file) }
}
