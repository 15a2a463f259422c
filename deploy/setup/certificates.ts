// The certificates of the stack: a generated one for its own network, and one for users, which is given or the same.

import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { generate } from 'selfsigned'

/** PEM texts. */
export type Pair = { readonly certificate: string; readonly key: string }

/** How a client verifies a server: with these CA certificates (undefined: the system's), and for this name. */
export type Trust = { readonly authority: string | undefined; readonly serverName: string | undefined }

export type Certificates = {
  /** For the gateway, which only the stack's own network can reach. */
  readonly inside: Pair & { readonly trust: Trust }
  /** For Prometheus and Grafana, which users open in a browser. */
  readonly outside: Pair & { readonly trust: Trust }
}

/** The names of the services within the stack's network. */
const insideNames = [
  ...['localhost', 'prometheus', 'kopia-prometheus', 'grafana', 'kopia-grafana'],
  ...['pushgateway', 'kopia-pushgateway', 'kopia-exporter'],
]

const days = 3650
const dayMs = 86_400_000

/** Generates a self-signed certificate for the services' names and `hosts`. */
export async function generatePair(hosts: readonly string[], now: Date): Promise<Pair> {
  const altNames = [...insideNames, '127.0.0.1', '::1', ...hosts].map((host) =>
    isIP(host) === 0 ? ({ type: 2, value: host } as const) : ({ type: 7, ip: host } as const),
  )
  const generated = await generate([{ name: 'commonName', value: 'kopia-monitoring' }], {
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
  return { certificate: generated.cert, key: generated.private }
}

/** Whether a certificate is valid for at least another month, and for all of these hosts. */
export function isStillValid(certificate: string, hosts: readonly string[], now: Date): boolean {
  const parsed = new X509Certificate(certificate)
  const covers = (host: string) =>
    (isIP(host) === 0 ? parsed.checkHost(host) : parsed.checkIP(host)) !== undefined
  return parsed.validToDate.getTime() > now.getTime() + 30 * dayMs && hosts.every(covers)
}

/** Reads cert.pem, key.pem and the optional ca.pem. Returns undefined if neither of the first two exists. */
export function readGiven(folder: string): Certificates['outside'] | undefined {
  const [certificate, key, authority] = ['cert.pem', 'key.pem', 'ca.pem'].map((name) => {
    const path = join(folder, name)
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined
  })
  if (certificate === undefined && key === undefined) return undefined
  if (certificate === undefined || key === undefined) {
    throw new Error('tls/: expected both cert.pem and key.pem, found only one of them')
  }
  return { certificate, key, trust: { authority, serverName: firstName(certificate) } }
}

/** The first name or address of a certificate. */
function firstName(certificate: string): string | undefined {
  const names = new X509Certificate(certificate).subjectAltName ?? ''
  return /(?:DNS|IP Address):([^,]+)/.exec(names)?.[1]?.replace(/^\*/, 'prometheus')
}
