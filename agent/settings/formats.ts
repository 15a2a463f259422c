// The forms that settings have: each check throws an Error that says what was expected.

import { isCron } from '../util/cron-interval.ts'

export type ListenAddress = { readonly host: string; readonly port: number }

/** A check that the value is one of these. */
export function oneOf(...allowed: readonly string[]): (value: string) => void {
  return (value) => {
    if (!allowed.includes(value)) throw new Error(`expected one of ${allowed.join(', ')}`)
  }
}

/** Throws for an empty text. */
export function checkNotEmpty(value: string): void {
  if (value === '') throw new Error('expected a text that is not empty')
}

/** Throws for what is neither an http or https URL nor empty. */
export function checkUrl(value: string): void {
  if (value === '') return
  const protocol = URL.canParse(value) ? new URL(value).protocol : ''
  if (!['http:', 'https:'].includes(protocol)) throw new Error('expected a URL such as http://127.0.0.1:9091')
}

/** Throws for what is no cron expression. */
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

/** `10s`, `500ms`, `2m`, `1h`, `90d` in milliseconds; throws for anything else, 0 included. */
export function parseDurationMs(value: string): number {
  const [, number, unit = ''] = /^(\d+)(ms|s|m|h|d)$/.exec(value) ?? []
  const milliseconds = Number(number) * (millisecondsPerUnit[unit] ?? 0)
  if (!(milliseconds > 0)) throw new Error('expected a duration such as 10s')
  return milliseconds
}

/** A spacing of samples in seconds: a whole number of them; throws for anything else. */
export function parseSpacingSeconds(value: string): number {
  const seconds = parseDurationMs(value) / 1000
  if (!Number.isInteger(seconds)) throw new Error('expected whole seconds such as 5m')
  return seconds
}

/** A time in Unix seconds; undefined for an empty text; throws for what is none. */
export function parseInstant(value: string): number | undefined {
  if (value === '') return undefined
  const milliseconds = /^\d{4}-\d\d-\d\d/.test(value) ? Date.parse(value) : Number.NaN
  if (Number.isNaN(milliseconds)) throw new Error('expected a time such as 2026-11-24T12:00:00Z')
  return milliseconds / 1000
}

/** `site=berlin,env=prod` as labels; throws where that is not its form. */
export function parseGrouping(value: string): Readonly<Record<string, string>> {
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

/** `host:port`, the port 0 for any; undefined for an empty text; throws for anything else. */
export function parseListen(value: string): ListenAddress | undefined {
  if (value === '') return undefined
  const [, host, port] = /^(.*):(\d{1,5})$/.exec(value) ?? []
  if (host === undefined || Number(port) > 65_535)
    throw new Error('expected an address such as 127.0.0.1:9192')
  return { host: host.replace(/^\[(.*)\]$/, '$1') || '0.0.0.0', port: Number(port) }
}

/** Whether only this machine reaches the address (RFC 1122, 3.2.1.3; RFC 4291, 2.5.3). */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host)
}

/** Throws where an entry of the list is no host name, such as one with a port (RFC 1123, 2.1; underscores are in use, too). */
export function checkHostNames(value: string): void {
  if (!parseList(value).every((name) => /^[\w-]+(\.[\w-]+)*\.?$/.test(name)))
    throw new Error('expected host names without a port, such as nas.example.org,backup')
}

/** Entries separated by commas; none for an empty text. */
export function parseList(value: string): readonly string[] {
  return value
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
}
