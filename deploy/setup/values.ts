// Every value that .env may set for the stack, once: its default, what it means, and what makes sense.

import { isIP } from 'node:net'
import { checkUrl, oneOf, parseGrouping } from '../../agent/settings/formats.ts'

export type Declaration = {
  readonly default: string
  /** Throws an Error that says what was expected. */
  readonly check: (value: string) => void
  /** Never printed. */
  readonly secret?: true
}

export const declarations = {
  STACK_PROFILE: { default: 'full', check: oneOf('full', 'minimal') },
  PROMETHEUS_UI_ADDRESS: { default: '127.0.0.1', check: checkAddress },
  PROMETHEUS_UI_PORT: { default: '9090', check: checkPort },
  PROMETHEUS_DATA_DIR: { default: '/var/lib/prometheus', check: checkFolder },
  PROMETHEUS_RETENTION: { default: '15d', check: checkDuration },
  PROMETHEUS_CPU_LIMIT: { default: '1', check: checkProcessors },
  PROMETHEUS_MEM_LIMIT: { default: '2G', check: checkMemory },
  PROMETHEUS_LOG_LEVEL: { default: 'info', check: oneOf('debug', 'info', 'warn', 'error') },
  PROMETHEUS_ADMIN_API: { default: 'false', check: oneOf('true', 'false') },
  PROMETHEUS_CORS_ORIGIN: { default: '', check: checkOrigin },
  PROMETHEUS_BASIC_AUTH: { default: 'false', check: oneOf('true', 'false') },
  PROMETHEUS_AUTH_USER: { default: '', check: checkUserName },
  PROMETHEUS_AUTH_PASSWORD: { default: '', check: checkPassword, secret: true },
  PROMETHEUS_EXTERNAL_LABELS: { default: '', check: (value) => void parseGrouping(value) },
  PROMETHEUS_REMOTE_WRITE_URL: { default: '', check: checkUrl },
  PROMETHEUS_REMOTE_WRITE_USER: { default: '', check: () => undefined },
  PROMETHEUS_REMOTE_WRITE_PASSWORD: { default: '', check: () => undefined, secret: true },
  GRAFANA_ADDRESS: { default: '127.0.0.1', check: checkAddress },
  GRAFANA_PORT: { default: '3000', check: checkPort },
  GRAFANA_ADMIN_PASSWORD: { default: 'admin', check: checkGiven, secret: true },
  GRAFANA_PLUGINS: { default: '', check: checkPlugins },
  TLS_ENABLED: { default: 'false', check: oneOf('true', 'false') },
  TLS_HOSTS: { default: '', check: checkHosts },
  KOPIA_USER: { default: '1000:1000', check: checkUser },
} as const satisfies Record<string, Declaration>

export type ValueName = keyof typeof declarations

export type Values = Readonly<Record<ValueName, string>>

/** What is wrong with the values: one line each. */
export class ValuesError extends Error {
  override readonly name = 'ValuesError'
}

/** The values of an environment; throws a ValuesError that names every one that makes no sense. */
export function readValues(environment: Readonly<Record<string, string | undefined>>): Values {
  const values: Record<string, string> = {}
  const problems: string[] = []
  for (const [name, declaration] of Object.entries<Declaration>(declarations)) {
    const value = environment[name] || declaration.default
    values[name] = value
    try {
      declaration.check(value)
    } catch (error) {
      const expected = error instanceof Error ? error.message : String(error)
      problems.push(`${name}: ${expected}${declaration.secret ? '' : `, found "${value}"`}`)
    }
  }
  const read = values as Values
  problems.push(...problemsTogether(read))
  if (problems.length > 0) throw new ValuesError(problems.join('\n'))
  return read
}

/** What no single value shows. */
function problemsTogether(values: Values): readonly string[] {
  const problems: string[] = []
  if (values.PROMETHEUS_BASIC_AUTH === 'true') {
    for (const name of ['PROMETHEUS_AUTH_USER', 'PROMETHEUS_AUTH_PASSWORD'] as const) {
      if (values[name] === '') problems.push(`${name}: PROMETHEUS_BASIC_AUTH=true needs it, found nothing`)
    }
  }
  if (
    values.PROMETHEUS_UI_PORT === values.GRAFANA_PORT &&
    values.PROMETHEUS_UI_ADDRESS === values.GRAFANA_ADDRESS
  ) {
    problems.push(
      `GRAFANA_PORT: expected another than PROMETHEUS_UI_PORT, found ${values.GRAFANA_PORT} in both`,
    )
  }
  return problems
}

/** What works, and should not stay so. */
export function warningsOf(values: Values): readonly string[] {
  const warnings: string[] = []
  if (values.GRAFANA_ADMIN_PASSWORD === 'admin') {
    warnings.push('GRAFANA_ADMIN_PASSWORD is "admin", which everybody tries first: set another')
  }
  if (/^[(^]*\.[*+]/.test(values.PROMETHEUS_CORS_ORIGIN)) {
    warnings.push(
      `PROMETHEUS_CORS_ORIGIN=${values.PROMETHEUS_CORS_ORIGIN} lets every page that you visit read Prometheus: ` +
        "name Grafana's origin",
    )
  }
  const isOpen = !/^(127\.|::1$)/.test(values.PROMETHEUS_UI_ADDRESS)
  if (isOpen && values.PROMETHEUS_BASIC_AUTH === 'false') {
    warnings.push(
      `PROMETHEUS_UI_ADDRESS=${values.PROMETHEUS_UI_ADDRESS} shows Prometheus to the network without a password: ` +
        'set PROMETHEUS_BASIC_AUTH=true',
    )
  }
  return warnings
}

function checkPort(value: string): void {
  if (!/^\d{1,5}$/.test(value) || Number(value) < 1 || Number(value) > 65_535)
    throw new Error('expected a port from 1 to 65535')
}

function checkAddress(value: string): void {
  if (isIP(value) === 0) throw new Error('expected an IP address such as 127.0.0.1, or 0.0.0.0 for all')
}

function checkFolder(value: string): void {
  // `./name` is a folder too; a bare name would be another volume, which nobody declared.
  if (!/^[./]/.test(value) || value === '/' || /[:,\s]/.test(value))
    throw new Error('expected the path of a folder such as /var/lib/prometheus')
}

/** Prometheus's durations (its documentation, "Time Durations"): units from large to small, each at most once. */
function checkDuration(value: string): void {
  const isDuration = /^(?=\d)(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$/.test(value)
  if (!isDuration || !/[1-9]/.test(value)) throw new Error('expected a duration such as 15d, 12h or 1y')
}

function checkProcessors(value: string): void {
  if (!/^\d+(\.\d+)?$/.test(value) || Number(value) <= 0)
    throw new Error('expected a number of processors such as 1 or 0.5')
}

const bytesPerUnit: Readonly<Record<string, number>> = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 }

function checkMemory(value: string): void {
  const [, number, unit = ''] = /^(\d+)([kmg])b?$/i.exec(value) ?? []
  const bytes = Number(number) * (bytesPerUnit[unit.toLowerCase()] ?? 0)
  if (!(bytes >= 64 * 2 ** 20)) throw new Error('expected a size from 64M on, such as 512M or 2G')
}

/** A regular expression, as `--web.cors.origin` takes it; one that misses its scheme never matches. */
function checkOrigin(value: string): void {
  if (value === '' || /^[(^]*\.[*+]/.test(value)) return
  if (!/^[(^]*https?\??:\/\/[^/]+$/.test(value))
    throw new Error('expected an origin such as https://grafana.example.com, without a path')
  try {
    new RegExp(value)
  } catch {
    throw new Error('expected an origin, or a regular expression for several')
  }
}

/** RFC 7617: a user name holds no colon. */
function checkUserName(value: string): void {
  if (/[:\p{Cc}]/u.test(value)) throw new Error('expected a name without a colon')
}

/** bcrypt sees no more than 72 bytes, and would take any longer password with the same beginning. */
function checkPassword(value: string): void {
  if (Buffer.byteLength(value) > 72) throw new Error('expected at most 72 bytes')
  if (/\p{Cc}/u.test(value) || value !== value.trim())
    throw new Error('expected no line ends or spaces around it')
}

function checkGiven(value: string): void {
  if (value.trim() === '') throw new Error('expected a password')
}

function checkPlugins(value: string): void {
  if (!/^([a-z0-9-]+(@[\w.-]+)?(, *|$))*$/i.test(value))
    throw new Error('expected names of plugins with commas between, such as grafana-clock-panel')
}

/** Names and addresses, with commas between, by which people reach the stack. */
export function parseHosts(value: string): readonly string[] {
  return value
    .split(',')
    .map((host) => host.trim())
    .filter((host) => host !== '')
}

function checkHosts(value: string): void {
  const isHost = (host: string) => isIP(host) !== 0 || /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(host)
  if (!parseHosts(value).every(isHost))
    throw new Error('expected names and addresses such as monitoring.example.com,192.0.2.7')
}

function checkUser(value: string): void {
  if (!/^\d+:\d+$/.test(value)) throw new Error('expected the numbers of a user and a group such as 0:0')
}
