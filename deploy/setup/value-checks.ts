// Checks single values of .env. Each function throws an Error that says which values are valid.

import { isIP } from 'node:net'

export function checkPort(value: string): void {
  if (!/^\d{1,5}$/.test(value) || Number(value) < 1 || Number(value) > 65_535)
    throw new Error('expected a port from 1 to 65535')
}

export function checkAddress(value: string): void {
  if (isIP(value) === 0) throw new Error('expected an IP address such as 127.0.0.1, or 0.0.0.0 for all')
}

export function checkFolder(value: string): void {
  // A bare name would be an undeclared volume, so a relative path must start with `./`.
  if (!/^[./]/.test(value) || value === '/' || /[:,\s]/.test(value))
    throw new Error('expected the path of a folder such as /var/lib/prometheus')
}

/** Prometheus's durations (its documentation, "Time Durations"): units in descending order, each at most once. */
export function checkDuration(value: string): void {
  const isDuration = /^(?=\d)(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$/.test(value)
  if (!isDuration || !/[1-9]/.test(value)) throw new Error('expected a duration such as 15d, 12h or 1y')
}

export function checkProcessors(value: string): void {
  if (!/^\d+(\.\d+)?$/.test(value) || Number(value) <= 0)
    throw new Error('expected a number of processors such as 1 or 0.5')
}

const bytesPerUnit: Readonly<Record<string, number>> = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 }

export function checkMemory(value: string): void {
  const [, number, unit = ''] = /^(\d+)([kmg])b?$/i.exec(value) ?? []
  const bytes = Number(number) * (bytesPerUnit[unit.toLowerCase()] ?? 0)
  if (!(bytes >= 64 * 2 ** 20)) throw new Error('expected a size of at least 64M, such as 512M or 2G')
}

/** Checks the address under which people open Prometheus. It stands in links and in rule files, which have templates. */
export function checkExternalUrl(value: string): void {
  if (value === '') return
  if (!/^https?:\/\/[^\s?#@"'{}\\]+$/.test(value) || !URL.canParse(value))
    throw new Error(
      'expected a URL such as https://monitoring.example.com/prometheus, without user name, query and fragment',
    )
}

/** Checks a regular expression for `--web.cors.origin`. One without a scheme would never match. */
export function checkOrigin(value: string): void {
  if (value === '' || /^[(^]*\.[*+]/.test(value)) return
  if (!/^[(^]*https?\??:\/\/[^/]+$/.test(value))
    throw new Error('expected an origin such as https://grafana.example.com, without a path')
  try {
    new RegExp(value)
  } catch {
    throw new Error('expected an origin, or a regular expression for several')
  }
}

/** RFC 7617: a user name contains no colon. */
export function checkUserName(value: string): void {
  if (/[:\p{Cc}]/u.test(value)) throw new Error('expected a name without a colon')
}

/** bcrypt ignores everything after 72 bytes, so it would accept other passwords with the same beginning. */
export function checkPassword(value: string): void {
  if (Buffer.byteLength(value) > 72) throw new Error('expected at most 72 bytes')
  if (/\p{Cc}/u.test(value) || value !== value.trim())
    throw new Error('expected no control characters, and no spaces at its ends')
}

export function checkGiven(value: string): void {
  if (value.trim() === '') throw new Error('expected a password')
}

export function checkPlugins(value: string): void {
  if (!/^([a-z0-9-]+(@[\w.-]+)?(, *|$))*$/i.test(value))
    throw new Error('expected names of plugins, separated by commas, such as grafana-clock-panel')
}

/** Splits a list of the names and addresses of the stack. */
export function parseHosts(value: string): readonly string[] {
  return value
    .split(',')
    .map((host) => host.trim())
    .filter((host) => host !== '')
}

export function checkHosts(value: string): void {
  const isHost = (host: string) => isIP(host) !== 0 || /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(host)
  if (!parseHosts(value).every(isHost))
    throw new Error('expected names and addresses such as monitoring.example.com,192.0.2.7')
}

export function checkUser(value: string): void {
  if (!/^\d+:\d+$/.test(value)) throw new Error('expected a numeric user and group such as 0:0')
}
