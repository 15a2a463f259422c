// Every setting, once: its default, its name in the environment, what it means, and what makes sense.

import {
  checkCron,
  checkHostNames,
  checkNotEmpty,
  checkUrl,
  oneOf,
  parseDurationMs,
  parseGrouping,
  parseInstant,
  parseListen,
  parseSpacingSeconds,
} from './formats.ts'

export type Declaration = {
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
  web_allowed_hosts: {
    default: '',
    environment: 'KOPIA_METRICS_WEB_ALLOWED_HOSTS',
    doc: 'more host names that this address answers to, as `nas,nas.lan`; IP addresses and `localhost` always work',
    check: checkHostNames,
  },
  textfile: setting('KOPIA_METRICS_TEXTFILE', "a `.prom` file for node-exporter's textfile collector"),
  state_dir: setting(
    'KOPIA_METRICS_STATE_DIR',
    'the ledger, and `spool/` in it; empty: `/var/lib/kopia-metrics-agent` for root, ' +
      '`$XDG_STATE_HOME/kopia-metrics-agent` or `~/.local/state/kopia-metrics-agent` for a user',
  ),
  kopia_timeout: {
    default: '',
    environment: 'KOPIA_METRICS_KOPIA_TIMEOUT',
    doc: "how long one call of Kopia's CLI may take before it is ended; empty: `1m`, and `30m` where it lists snapshots or blobs",
    check: (value) => value === '' || void parseDurationMs(value),
  },
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
  kopia_password_file: setting(
    'KOPIA_METRICS_KOPIA_PASSWORD_FILE',
    "a file that holds the repository's password",
  ),
} as const satisfies Record<string, Declaration>

export type SettingName = keyof typeof declarations

/** The flag of a setting, without its dashes: `pushgateway-url`. */
export function flagOf(name: SettingName): string {
  return name.replaceAll('_', '-')
}

/** The names of all settings, in the order of their declarations. */
export function settingNames(): readonly SettingName[] {
  return Object.keys(declarations).filter(isSettingName)
}

/** Whether there is a setting of this name. */
export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(declarations, name)
}

/** One text per setting, of those that `textOf` has one for. */
export function stringsByName(textOf: (name: SettingName) => string | undefined): Record<string, string> {
  const found: Record<string, string> = {}
  for (const name of settingNames()) {
    const value = textOf(name)
    if (value !== undefined) found[name] = value
  }
  return found
}

function setting(environment: string, doc: string) {
  return { default: '', environment, doc, check: () => undefined } satisfies Declaration
}
