// One push: the whole picture replaces this agent's group on the gateway.

import { type HttpRequest, sendRequest, type TlsFiles } from './request.ts'

export type GatewayOptions = {
  readonly url: string
  readonly job: string
  readonly instance: string
  /** Further labels of the group. */
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

/** Sends `text` by PUT, which replaces all that the group held. Errors come back as one line. */
export function push(
  options: GatewayOptions,
  text: string,
  contentType: string,
  signal: AbortSignal,
): Promise<PushResult> {
  return send(options, { method: 'PUT', body: text, headers: { 'content-type': contentType } }, signal)
}

async function send(
  options: GatewayOptions,
  { method, body, headers }: Pick<HttpRequest, 'method' | 'body' | 'headers'>,
  signal: AbortSignal,
): Promise<PushResult> {
  const timeLimit = AbortSignal.timeout(options.timeoutMs)
  try {
    const { status, text } = await sendRequest({
      method,
      url: groupUrl(options),
      body,
      headers: { ...headers, ...authorization(options.credentials) },
      tls: options.tls,
      signal: AbortSignal.any([signal, timeLimit]),
    })
    return status >= 200 && status < 300 ? { ok: true } : { ok: false, reason: refusal(status, text) }
  } catch (error) {
    if (timeLimit.aborted) return { ok: false, reason: `no answer within ${options.timeoutMs / 1000} s` }
    return { ok: false, reason: reasonOf(error) }
  }
}

/** The group's address; values go as URL-safe base64 where a path can't hold them (pushgateway README, "URL"). */
export function groupUrl({ url, job, instance, grouping }: GatewayOptions): string {
  const labels = Object.entries({ job, instance, ...grouping }).map(([name, value]) =>
    groupLabel(name, value),
  )
  return `${url.replace(/\/+$/, '')}/metrics/${labels.join('/')}`
}

/** `..` and the like would be resolved as part of the path, so only plain names stay as they are. */
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

/** Where a name has several addresses, what happened at each is in an error without a message. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ')
  return error instanceof Error ? error.message.split('\n')[0] || error.name : String(error)
}
