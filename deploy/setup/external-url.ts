// The address under which people open Prometheus. Links in notifications begin with it.

import { isIPv6 } from 'node:net'
import { parseHosts } from './value-checks.ts'

type AddressValues = {
  readonly PROMETHEUS_EXTERNAL_URL: string
  readonly PROMETHEUS_UI_ADDRESS: string
  readonly PROMETHEUS_UI_PORT: string
  readonly TLS_ENABLED: string
  readonly TLS_HOSTS: string
}

/** PROMETHEUS_EXTERNAL_URL, or what the other values say, or this machine's own address. Has no slash at its end. */
export function externalUrl(values: AddressValues): string {
  const url = values.PROMETHEUS_EXTERNAL_URL || guessedUrl(values) || urlOf('127.0.0.1', values)
  // The URL class leaves out a port that is the scheme's default.
  return new URL(url).href.replace(/\/+$/, '')
}

/** Whether the values name an address that people can open. If not, externalUrl is only right on this machine. */
export function isAddressKnown(values: AddressValues): boolean {
  return values.PROMETHEUS_EXTERNAL_URL !== '' || guessedUrl(values) !== undefined
}

/** 0.0.0.0 and :: mean all addresses of this machine, so they name none; TLS_HOSTS may. */
function guessedUrl(values: AddressValues): string | undefined {
  const hosts = [values.PROMETHEUS_UI_ADDRESS, ...parseHosts(values.TLS_HOSTS)]
  const urls = hosts.filter((host) => !/^[0:.]+$/.test(host)).map((host) => urlOf(host, values))
  // No URL can have the zone of an address such as fe80::1%eth0.
  return urls.find((url) => URL.canParse(url))
}

function urlOf(host: string, { TLS_ENABLED, PROMETHEUS_UI_PORT }: AddressValues): string {
  const scheme = TLS_ENABLED === 'true' ? 'https' : 'http'
  return `${scheme}://${isIPv6(host) ? `[${host}]` : host}:${PROMETHEUS_UI_PORT}`
}
