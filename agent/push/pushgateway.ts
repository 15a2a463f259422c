// Pushes this agent's group, and deletes it from a gateway.

import { adviceOnRefusal } from './advice.ts'
import { type Body, type HttpRequest, sendRequest, type TlsFiles } from './http.ts'
import type { PushTarget } from './target.ts'

export type GatewayOptions = {
  readonly url: string
  /** What the URL names. */
  readonly target: PushTarget
  readonly job: string
  readonly instance: string
  /** Labels of the group besides job and instance. */
  readonly grouping: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly credentials: Credentials
  readonly tls: TlsFiles
}

export type Credentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'bearer'; readonly token: string }

export type PushResult = { readonly ok: true } | { readonly ok: false; readonly reason: string }

/** A gateway replaces the whole group on PUT. An import adds samples; POST is what VictoriaMetrics documents. */
const methods = { pushgateway: 'PUT', 'prometheus-import': 'POST' } as const

/** Sends `body`. An error becomes a reason of one line, for an import with what to do. */
export async function push(
  options: GatewayOptions,
  body: Body,
  contentType: string,
  signal: AbortSignal,
): Promise<PushResult> {
  const response = await requestGateway(
    options,
    groupUrl(options),
    { method: methods[options.target.kind], body, headers: { 'content-type': contentType } },
    signal,
  )
  if (response.ok) return { ok: true }
  return { ok: false, reason: `${response.reason}${adviceOnRefusal(options, response)}` }
}

/** Deletes the group from a gateway; succeeds also if there is none. */
export async function deleteGroup(options: GatewayOptions): Promise<PushResult> {
  const response = await requestGateway(options, groupUrl(options), { method: 'DELETE' })
  return response.ok ? { ok: true } : { ok: false, reason: response.reason }
}

/** `status` is undefined where no answer came. */
export type FailedResponse = {
  readonly ok: false
  readonly reason: string
  readonly status: number | undefined
}

type GatewayResponse = { readonly ok: true; readonly body: string } | FailedResponse

/** Sends one request with credentials and time limit. An error or a refusal becomes a reason of one line. */
export async function requestGateway(
  options: Pick<GatewayOptions, 'credentials' | 'tls' | 'timeoutMs'>,
  url: string,
  { method, body, headers }: Pick<HttpRequest, 'method' | 'body' | 'headers'>,
  signal?: AbortSignal,
): Promise<GatewayResponse> {
  const timeLimit = AbortSignal.timeout(options.timeoutMs)
  try {
    const { status, text } = await sendRequest({
      method,
      url,
      ...(body !== undefined && { body }),
      headers: { ...headers, ...authorization(options.credentials) },
      tls: options.tls,
      signal: signal === undefined ? timeLimit : AbortSignal.any([signal, timeLimit]),
    })
    const isGood = status >= 200 && status < 300
    return isGood ? { ok: true, body: text } : { ok: false, reason: refusal(status, text), status }
  } catch (error) {
    const reason = timeLimit.aborted ? `no answer within ${options.timeoutMs / 1000} s` : reasonOf(error)
    return { ok: false, reason, status: undefined }
  }
}

/** The group's URL; a value that a path can't hold is in URL-safe base64 (pushgateway README, "URL"). */
export function groupUrl({ url, job, instance, grouping }: GatewayOptions): string {
  const labels = Object.entries({ job, instance, ...grouping }).map(([name, value]) =>
    groupLabel(name, value),
  )
  return `${url.replace(/\/+$/, '')}/metrics/${labels.join('/')}`
}

/** Encodes everything but plain names, since URL parsing would resolve values such as `..`. */
function groupLabel(name: string, value: string): string {
  if (/^\w[\w.-]*$/.test(value)) return `${name}/${value}`
  return `${name}@base64/${Buffer.from(value).toString('base64url') || '='}`
}

function authorization(credentials: Credentials): Record<string, string> {
  switch (credentials.kind) {
    case 'none':
      return {}
    case 'basic': {
      const pair = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')
      return { authorization: `Basic ${pair}` }
    }
    case 'bearer':
      return { authorization: `Bearer ${credentials.token}` }
  }
}

function refusal(status: number, body: string): string {
  return `it answered ${status}: ${body.trim().split('\n')[0]?.slice(0, 300) ?? ''}`
}

/** If a host name has several addresses, Node rejects with an AggregateError without a message of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ')
  return error instanceof Error ? error.message.split('\n')[0] || error.name : String(error)
}
