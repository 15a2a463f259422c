// Declares every setting once: its default, its environment variable, its meaning and its check.
// Over 8 kB because each setting is declared in this one place.

import {
  checkCron,
  checkHostNames,
  checkNotEmpty,
  oneOf,
  parseDurationMs,
  parseGrouping,
  parseInstant,
  parseIntervals,
  parseListen,
  parseSpacingSeconds,
  urlWithoutLogin,
} from './formats.ts'
import { parseBytes, parseCount, parseFactor, parsePercent, parsePositiveCount } from './numbers.ts'

export type Declaration = {
  readonly default: string
  readonly environment: string
  /** The meaning, for --help and the documentation. */
  readonly doc: string
  /** Throws an Error that says what was expected. */
  readonly check: (value: string) => void
  /** Its value is never printed. */
  readonly secret?: true
}

/** The keys are the names in the configuration file; a flag is the name with dashes. */
export const declarations = {
  pushgateway_url: {
    default: 'http://127.0.0.1:9091',
    environment: 'KOPIA_METRICS_PUSHGATEWAY_URL',
    doc: 'URL of the Pushgateway, or of an import, without user name and password; empty: the agent does not push',
    check: urlWithoutLogin('they belong in pushgateway_username and pushgateway_password_file'),
  },
  push_target: {
    default: 'auto',
    environment: 'KOPIA_METRICS_PUSH_TARGET',
    doc:
      'what `pushgateway_url` names: `pushgateway`, or `prometheus-import` for the text import of VictoriaMetrics; `auto`: an ' +
      'import if its path ends in `/api/v1/import/prometheus`, else a Pushgateway',
    check: oneOf('auto', 'pushgateway', 'prometheus-import'),
  },
  pushgateway_username: setting(
    'KOPIA_METRICS_PUSHGATEWAY_USERNAME',
    'user name for basic authentication at the gateway',
  ),
  pushgateway_password: {
    ...setting(
      'KOPIA_METRICS_PUSHGATEWAY_PASSWORD',
      'password for basic authentication; `pushgateway_password_file` is safer',
    ),
    secret: true,
  },
  pushgateway_password_file: setting('KOPIA_METRICS_PUSHGATEWAY_PASSWORD_FILE', 'a file with this password'),
  pushgateway_bearer_token_file: setting(
    'KOPIA_METRICS_PUSHGATEWAY_BEARER_TOKEN_FILE',
    'a file with a bearer token, instead of user name and password',
  ),
  pushgateway_ca_file: setting(
    'KOPIA_METRICS_PUSHGATEWAY_CA_FILE',
    "CA certificates (PEM) that verify the gateway's certificate; empty: those of Node.js",
  ),
  pushgateway_cert_file: setting(
    'KOPIA_METRICS_PUSHGATEWAY_CERT_FILE',
    'client certificate of the agent (PEM), if the gateway requires one',
  ),
  pushgateway_key_file: setting(
    'KOPIA_METRICS_PUSHGATEWAY_KEY_FILE',
    'private key of the client certificate (PEM)',
  ),
  pushgateway_timeout: {
    default: '10s',
    environment: 'KOPIA_METRICS_PUSHGATEWAY_TIMEOUT',
    doc: 'time limit of one push',
    check: (value) => void parseDurationMs(value),
  },
  job: {
    default: 'kopia',
    environment: 'KOPIA_METRICS_JOB',
    doc: 'label `job` of the group',
    check: checkNotEmpty,
  },
  instance: setting(
    'KOPIA_METRICS_INSTANCE',
    'label `instance` of the group; empty: the host name, on macOS without its domain',
  ),
  grouping: {
    default: '',
    environment: 'KOPIA_METRICS_GROUPING',
    doc: 'further labels of the group, such as `site=berlin,env=prod`; none that a metric has already, such as `host` or `path`',
    check: (value) => void parseGrouping(value),
  },
  listen: {
    default: '127.0.0.1:9192',
    environment: 'KOPIA_METRICS_LISTEN',
    doc: 'address of the status page and of `/metrics`; empty: the agent does not listen',
    check: (value) => void parseListen(value),
  },
  web_username: setting('KOPIA_METRICS_WEB_USERNAME', 'user name that this address requires; empty: none'),
  web_password_file: setting(
    'KOPIA_METRICS_WEB_PASSWORD_FILE',
    'a file with the password that this address requires',
  ),
  web_allowed_hosts: {
    default: '',
    environment: 'KOPIA_METRICS_WEB_ALLOWED_HOSTS',
    doc: 'more host names that this address answers to, as `nas,nas.lan`; IP addresses and `localhost` always work',
    check: checkHostNames,
  },
  textfile: setting(
    'KOPIA_METRICS_TEXTFILE',
    "path of a `.prom` file for node-exporter's textfile collector; empty: none is written",
  ),
  state_dir: setting(
    'KOPIA_METRICS_STATE_DIR',
    'folder of the ledger and of `spool/`; empty: `/var/lib/kopia-metrics-agent` for root, ' +
      '`$XDG_STATE_HOME/kopia-metrics-agent` or `~/.local/state/kopia-metrics-agent` for other users; on macOS ' +
      '`/Library/Application Support/kopia-metrics-agent` for root, the same below `~` for other users',
  ),
  kopia_timeout: {
    default: '',
    environment: 'KOPIA_METRICS_KOPIA_TIMEOUT',
    doc: "time limit of one call of Kopia's CLI; empty: `1m`, and `30m` for calls that list snapshots or blobs",
    check: (value) => value === '' || void parseDurationMs(value),
  },
  kopia_bin: {
    default: 'kopia',
    environment: 'KOPIA_METRICS_KOPIA_BIN',
    doc: "path or name of Kopia's CLI; on macOS it is also looked for where Homebrew, MacPorts and KopiaUI have it",
    check: checkNotEmpty,
  },
  prometheus_url: {
    default: '',
    environment: 'KOPIA_METRICS_PROMETHEUS_URL',
    doc: 'URL of the Prometheus in which `check` looks for the pushed metrics, without user name and password; of a cluster of VictoriaMetrics, vmselect, which `forget` needs, too; empty: it does not look',
    check: urlWithoutLogin('leave it empty if this Prometheus requires them: check then does not look there'),
  },
  scope: {
    default: 'local',
    environment: 'KOPIA_METRICS_SCOPE',
    doc: '`local`: the sources of this user@host; `all`: every source in the repository',
    check: oneOf('local', 'all'),
  },
  sources_include: setting(
    'KOPIA_METRICS_SOURCES_INCLUDE',
    'watch only the sources that match these patterns of `user@host:path`, separated by commas; `*` stops at a slash, `**` does not; ' +
      'for Windows, slash and backslash are the same: `*@*:C:/Users/**`',
  ),
  sources_exclude: setting(
    'KOPIA_METRICS_SOURCES_EXCLUDE',
    'do not watch the sources that match these patterns',
  ),
  always_on: {
    default: 'true',
    environment: 'KOPIA_METRICS_ALWAYS_ON',
    doc: '`false` for a machine that sleeps or travels: its silence alone then fires no alert',
    check: oneOf('true', 'false'),
  },
  lifetime: {
    default: 'service',
    environment: 'KOPIA_METRICS_LIFETIME',
    doc:
      '`service`: the agent runs all the time; `job`: it runs beside one run of Kopia and ends with it, so it promises no ' +
      'heartbeat, and a stop waits for the result of the run',
    check: oneOf('service', 'job'),
  },
  stop_timeout: {
    default: '25s',
    environment: 'KOPIA_METRICS_STOP_TIMEOUT',
    doc: 'with `lifetime: job`, how long a stop may wait for the result of the run and for its push',
    check: (value) => void parseDurationMs(value),
  },
  overdue_grace: {
    default: '0.5',
    environment: 'KOPIA_METRICS_OVERDUE_GRACE',
    doc: 'how late a backup may be, as a share of the time between two backups, of which a day counts at most for a schedule',
    check: (value) => void parseFactor(value),
  },
  expected_interval: {
    default: '',
    environment: 'KOPIA_METRICS_EXPECTED_INTERVAL',
    doc:
      'how often the sources without a schedule in a policy should be backed up, as patterns of `user@host:path`, separated ' +
      'by commas: `*:/srv/**=1d,*:/var/mail=4h`; the first that matches counts',
    check: (value) => void parseIntervals(value),
  },
  refresh_schedule: {
    default: '*/5 * * * *',
    environment: 'KOPIA_METRICS_REFRESH_SCHEDULE',
    doc: 'cron expression: when to push even if nothing happened; each instance adds a fixed offset',
    check: checkCron,
  },
  repository_schedule: {
    default: '17 */6 * * *',
    environment: 'KOPIA_METRICS_REPOSITORY_SCHEDULE',
    doc: 'cron expression: when to read the size of the repository',
    check: checkCron,
  },
  verify_schedule: {
    default: '',
    environment: 'KOPIA_METRICS_VERIFY_SCHEDULE',
    doc:
      'cron expression: when to prove that the newest snapshot of each source can be read back, such as `30 4 * * *`; empty: ' +
      'never; each instance adds a fixed offset',
    check: (value) => value === '' || checkCron(value),
  },
  verify_percent: {
    default: '1',
    environment: 'KOPIA_METRICS_VERIFY_PERCENT',
    doc: 'how many of the files of a snapshot `verify` reads, in percent; less where `verify_max_bytes` does not suffice',
    check: (value) => void parsePercent(value),
  },
  verify_restore_files: {
    default: '3',
    environment: 'KOPIA_METRICS_VERIFY_RESTORE_FILES',
    doc: 'how many files of a snapshot `verify` restores and compares',
    check: (value) => void parseCount(value),
  },
  verify_max_bytes: {
    default: '1GiB',
    environment: 'KOPIA_METRICS_VERIFY_MAX_BYTES',
    doc: 'how much of the files one run of `verify` reads in all, such as `500MiB`; the sources share it',
    check: (value) => void parseBytes(value),
  },
  verify_parallel: {
    default: '2',
    environment: 'KOPIA_METRICS_VERIFY_PARALLEL',
    doc: 'how many files `verify` reads at a time',
    check: (value) => void parsePositiveCount(value),
  },
  verify_time_limit: {
    default: '1h',
    environment: 'KOPIA_METRICS_VERIFY_TIME_LIMIT',
    doc: 'time limit of `verify` for one source',
    check: (value) => void parseDurationMs(value),
  },
  backfill_until: {
    default: '',
    environment: 'KOPIA_METRICS_BACKFILL_UNTIL',
    doc: 'end of the history that `backfill` writes, such as `2026-11-24T12:00:00Z`; empty: the first start of this agent, or now',
    check: (value) => void parseInstant(value),
  },
  backfill_recent_period: {
    default: '90d',
    environment: 'KOPIA_METRICS_BACKFILL_RECENT_PERIOD',
    doc: 'period before now for which `backfill` writes samples at `backfill_recent_spacing`',
    check: (value) => void parseDurationMs(value),
  },
  backfill_recent_spacing: {
    default: '5m',
    environment: 'KOPIA_METRICS_BACKFILL_RECENT_SPACING',
    doc: 'time between two samples in that period; up to `5m` makes continuous graphs',
    check: (value) => void parseSpacingSeconds(value),
  },
  backfill_older_spacing: {
    default: '1h',
    environment: 'KOPIA_METRICS_BACKFILL_OLDER_SPACING',
    doc: 'time between two samples before that period',
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
    ...setting('KOPIA_PASSWORD', 'password of the repository; empty: the one that Kopia has stored'),
    secret: true,
  },
  kopia_password_file: setting(
    'KOPIA_METRICS_KOPIA_PASSWORD_FILE',
    'a file with the password of the repository',
  ),
} as const satisfies Record<string, Declaration>

function setting(environment: string, doc: string) {
  return { default: '', environment, doc, check: () => undefined } satisfies Declaration
}
