// The formats of settings. Each check and each parser throws an Error that says what was expected.

import { definitions } from '../metrics/definitions.ts'
import { isCron } from '../util/cron-times.ts'

export type ListenAddress = { readonly host: string; readonly port: number }

/** Returns a check that the value is one of `allowed`. */
export function oneOf(...allowed: readonly string[]): (value: string) => void {
  return (value) => {
    if (!allowed.includes(value)) throw new Error(`expected one of ${allowed.join(', ')}`)
  }
}

/** Throws if the value is empty. */
export function checkNotEmpty(value: string): void {
  if (value === '') throw new Error('expected a text that is not empty')
}

/** Throws unless the value is empty or an http or https URL. */
export function checkUrl(value: string): void {
  if (value === '') return
  const protocol = URL.canParse(value) ? new URL(value).protocol : ''
  if (!['http:', 'https:'].includes(protocol)) throw new Error('expected a URL such as http://127.0.0.1:9091')
}

/** Returns the same check for a URL that stands in logs, so that no password may be in it; `instead` says where one belongs. */
export function urlWithoutLogin(instead: string): (value: string) => void {
  return (value) => {
    checkUrl(value)
    if (value === '') return
    const { username, password } = new URL(value)
    if (username !== '' || password !== '')
      throw new Error(`expected a URL without user name and password (${instead})`)
  }
}

/** Throws unless the value is a cron expression. */
export function checkCron(value: string): void {
  if (!isCron(value)) throw new Error('expected a cron expression such as */5 * * * *')
}

const millisecondsPerUnit: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** Parses `500ms`, `10s`, `2m`, `1h`, `90d` into milliseconds; throws for anything else, 0 included. */
export function parseDurationMs(value: string): number {
  const [, number, unit = ''] = /^(\d+)(ms|s|m|h|d)$/.exec(value) ?? []
  const milliseconds = Number(number) * (millisecondsPerUnit[unit] ?? 0)
  if (!(milliseconds > 0)) throw new Error('expected a duration such as 10s')
  return milliseconds
}

/** An interval for the sources whose `user@host:path` matches the pattern. */
type IntervalOfPattern = { readonly pattern: string; readonly seconds: number }

/** Parses intervals such as `*:/srv/**=1d,*:/var/mail=4h`; throws for anything else. */
export function parseIntervals(value: string): readonly IntervalOfPattern[] {
  return parseList(value).map((entry) => {
    const [, pattern, duration = ''] = /^(.+)=([^=]*)$/s.exec(entry) ?? []
    if (pattern === undefined)
      throw new Error('expected patterns with an interval such as *:/srv/**=1d,*:/var/mail=4h')
    return { pattern, seconds: parseSpacingSeconds(duration.trim()) }
  })
}

/** Parses a duration of whole seconds into seconds; throws for anything else. */
export function parseSpacingSeconds(value: string): number {
  const seconds = parseDurationMs(value) / 1000
  if (!Number.isInteger(seconds)) throw new Error('expected whole seconds such as 5m')
  return seconds
}

/** Parses a time into Unix seconds; undefined if the value is empty; throws for anything else. */
export function parseInstant(value: string): number | undefined {
  if (value === '') return undefined
  const milliseconds = /^\d{4}-\d\d-\d\d/.test(value) ? Date.parse(value) : Number.NaN
  if (Number.isNaN(milliseconds)) throw new Error('expected a time such as 2026-11-24T12:00:00Z')
  return milliseconds / 1000
}

/** Parses labels such as `site=berlin,env=prod`; throws for anything else. */
export function parseLabels(value: string): Readonly<Record<string, string>> {
  const pairs = value === '' ? [] : value.split(',').map((pair) => pair.trim())
  const labels: Record<string, string> = {}
  for (const pair of pairs) {
    const [, name, label] = /^([a-zA-Z_][a-zA-Z0-9_]*)=(.+)$/.exec(pair) ?? []
    if (name === undefined || label === undefined || ['job', 'instance'].includes(name)) {
      throw new Error(
        'expected labels such as site=berlin,env=prod (job and instance have settings of their own)',
      )
    }
    labels[name] = label
  }
  return labels
}

const labelsOfSeries: ReadonlySet<string> = new Set(
  Object.values(definitions).flatMap(({ labels }): readonly string[] => labels),
)

/**
 * Parses labels of a group; throws also for those that the agent's series have: the gateway would give all series the
 * group's value, and refuse those that then look the same. It refuses names with two underscores in front, too.
 */
export function parseGrouping(value: string): Readonly<Record<string, string>> {
  const labels = parseLabels(value)
  if (Object.keys(labels).some((name) => name.startsWith('__') || labelsOfSeries.has(name))) {
    const taken = [...labelsOfSeries].join(', ')
    throw new Error(`expected other labels than those of metrics (${taken}, or anything with __ in front)`)
  }
  return labels
}

/** Parses `host:port`; port 0 means any free port. Undefined if the value is empty; throws for anything else. */
export function parseListen(value: string): ListenAddress | undefined {
  if (value === '') return undefined
  const [, host, port] = /^(.*):(\d{1,5})$/.exec(value) ?? []
  if (host === undefined || Number(port) > 65_535)
    throw new Error('expected an address such as 127.0.0.1:9192')
  return { host: host.replace(/^\[(.*)\]$/, '$1') || '0.0.0.0', port: Number(port) }
}

/** Whether the address can be reached from this machine only (RFC 1122, 3.2.1.3; RFC 4291, 2.5.3). */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host)
}

/** Throws where an entry of the list is no host name, such as one with a port (RFC 1123, 2.1; underscores are in use, too). */
export function checkHostNames(value: string): void {
  if (!parseList(value).every((name) => /^[\w-]+(\.[\w-]+)*\.?$/.test(name)))
    throw new Error('expected host names without a port, such as nas.example.org,backup')
}

/** Parses entries separated by commas; an empty value has none. */
export function parseList(value: string): readonly string[] {
  return value
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
}
