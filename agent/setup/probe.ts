// Tests the gateway: does something answer, is it a Pushgateway or an import, and does it take this login?

import { type GatewayOptions, groupUrl, requestGateway } from '../push/pushgateway.ts'
import { importPath } from '../push/target.ts'
import { asRecord, parseJson } from '../util/json.ts'

type Probe =
  /** `found` says what answers. */
  | { readonly kind: 'good'; readonly found: string }
  /** It expects a login, or another one. */
  | { readonly kind: 'login'; readonly found: string }
  | { readonly kind: 'unreachable'; readonly found: string }
  | { readonly kind: 'not a gateway'; readonly found: string }

/** Sends one request that changes nothing there. */
export async function probeGateway(options: GatewayOptions): Promise<Probe> {
  return options.target.kind === 'pushgateway' ? probePushgateway(options) : probeImport(options)
}

async function probePushgateway(options: GatewayOptions): Promise<Probe> {
  const base = options.url.replace(/\/+$/, '')
  const response = await requestGateway(options, `${base}/api/v1/metrics`, { method: 'GET' })
  if (!response.ok) return failed(response.status, response.reason, base)
  return isGroups(response.body)
    ? { kind: 'good', found: `a Pushgateway answers at ${base}` }
    : { kind: 'not a gateway', found: `what answers at ${base} is not a Pushgateway` }
}

/** The groups as JSON (pushgateway README, "Query API"). A web page that answers 200 to everything has none. */
function isGroups(body: string): boolean {
  try {
    const { status, data } = asRecord(parseJson(body), 'answer')
    return status === 'success' && Array.isArray(data)
  } catch {
    return false
  }
}

/** An import of nothing. It answers nothing: what does is a web page that answers 200 to everything. */
async function probeImport(options: GatewayOptions): Promise<Probe> {
  const response = await requestGateway(options, groupUrl(options), {
    method: 'POST',
    body: [],
    headers: { 'content-type': 'text/plain' },
  })
  if (!response.ok) return failed(response.status, response.reason, options.url)
  return response.body.trim() === ''
    ? { kind: 'good', found: `an import answers at ${options.url}` }
    : { kind: 'not a gateway', found: `what answers at ${options.url} is not an import` }
}

function failed(status: number | undefined, reason: string, url: string): Probe {
  if (status === undefined) {
    const trust = /certificate/.test(reason)
      ? '; name the certificate to trust by --pushgateway-ca-file=FILE'
      : ''
    return { kind: 'unreachable', found: `${url} does not answer: ${reason}${trust}` }
  }
  if (status >= 300 && status < 400) {
    return {
      kind: 'not a gateway',
      found: `${url} redirects, which the agent does not follow: name the address that it leads to`,
    }
  }
  if (status === 401 || status === 403) return { kind: 'login', found: `${url} wants a login: ${reason}` }
  // VictoriaMetrics refuses unknown paths with these words (lib/httpserver).
  return /unsupported path/.test(reason)
    ? {
        kind: 'not a gateway',
        found: `${url} looks like VictoriaMetrics: use ${new URL(importPath, url)}`,
      }
    : { kind: 'not a gateway', found: `what answers at ${url} is not a Pushgateway: ${reason}` }
}

/** What to do about a probe that is not good. */
export function adviceOnProbe({ kind }: Exclude<Probe, { kind: 'good' }>): string {
  switch (kind) {
    case 'login':
      return 'give --pushgateway-username=NAME and --pushgateway-password-file=FILE, or --pushgateway-bearer-token-file=FILE'
    case 'unreachable':
    case 'not a gateway':
      return (
        'start a Pushgateway, or name yours by --pushgateway-url=URL; without one, --pushgateway-url= (empty) lets Prometheus ' +
        'scrape the agent itself (--listen), and --textfile=PATH lets node-exporter read a file'
      )
  }
}
