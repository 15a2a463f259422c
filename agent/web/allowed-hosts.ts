// Which `Host` a request may have. A web page can point its own name at this machine (DNS rebinding) and would then read
// the listener through the browser of anybody who visits it; the request carries the page's name.

import { isIP } from 'node:net'

/**
 * A check of the `Host` header, whatever its port: IP addresses, `localhost` and `names` pass. Addresses are safe, since
 * rebinding needs a name. A request without the header passes: it is of HTTP/1.0, and no browser sends it.
 */
export function createHostCheck(names: readonly string[]): (header: string | undefined) => boolean {
  const allowed = new Set(['localhost', ...names.map(normalized)])
  return (header) => {
    if (header === undefined) return true
    const host = hostOf(header)
    return isIP(host) !== 0 || allowed.has(normalized(host))
  }
}

/** The host without its port, an IPv6 address without its brackets (RFC 9110, 7.2; RFC 3986, 3.2.2). */
function hostOf(header: string): string {
  const [, address, name = ''] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(header.trim()) ?? []
  return address ?? name
}

/** Names are equal in any case, and with or without the root's dot (RFC 1034, 3.1). */
function normalized(name: string): string {
  return name.toLowerCase().replace(/\.$/, '')
}
