// The certificates of the stack: one for its own network, made here, and one for people, given or the same.

import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { generate } from 'selfsigned'

export type Pair = { readonly certificate: string; readonly key: string }

/** How a client checks a server: by these certificates (undefined: those of the system), and under this name. */
export type Trust = { readonly authority: string | undefined; readonly serverName: string | undefined }

export type Certificates = {
  /** Of the gateway, which only the stack's own network reaches. */
  readonly inside: Pair & { readonly trust: Trust }
  /** Of what people open in a browser. */
  readonly outside: Pair & { readonly trust: Trust }
}

/** Names by which the parts of the stack know each other. */
const insideNames = [
  ...['localhost', 'prometheus', 'kopia-prometheus', 'grafana', 'kopia-grafana'],
  ...['pushgateway', 'kopia-pushgateway', 'kopia-exporter'],
]

const days = 3650
const dayMs = 86_400_000

/** A certificate that vouches for itself, for the stack's own names and `hosts`. */
export async function makePair(hosts: readonly string[], now: Date): Promise<Pair> {
  const altNames = [...insideNames, '127.0.0.1', '::1', ...hosts].map((host) =>
    isIP(host) === 0 ? ({ type: 2, value: host } as const) : ({ type: 7, ip: host } as const),
  )
  const made = await generate([{ name: 'commonName', value: 'kopia-monitoring' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(now.getTime() - dayMs),
    notAfterDate: new Date(now.getTime() + days * dayMs),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'subjectAltName', altNames },
    ],
  })
  return { certificate: made.cert, key: made.private }
}

/** Whether a certificate made earlier still serves: for a month at least, and for all of these hosts. */
export function stillServes(certificate: string, hosts: readonly string[], now: Date): boolean {
  const parsed = new X509Certificate(certificate)
  const covers = (host: string) =>
    (isIP(host) === 0 ? parsed.checkHost(host) : parsed.checkIP(host)) !== undefined
  return parsed.validToDate.getTime() > now.getTime() + 30 * dayMs && hosts.every(covers)
}

/** Reads cert.pem, key.pem and, where there is one, ca.pem. Undefined where neither of the first two is there. */
export function readGiven(folder: string): Certificates['outside'] | undefined {
  const [certificate, key, authority] = ['cert.pem', 'key.pem', 'ca.pem'].map((name) => {
    const path = join(folder, name)
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined
  })
  if (certificate === undefined && key === undefined) return undefined
  if (certificate === undefined || key === undefined) {
    throw new Error('tls/: expected both cert.pem and key.pem, found one of them')
  }
  return { certificate, key, trust: { authority, serverName: firstName(certificate) } }
}

/** The first name or address that a certificate is for. */
function firstName(certificate: string): string | undefined {
  const names = new X509Certificate(certificate).subjectAltName ?? ''
  return /(?:DNS|IP Address):([^,]+)/.exec(names)?.[1]?.replace(/^\*/, 'prometheus')
}
