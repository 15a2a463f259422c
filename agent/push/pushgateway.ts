// This agent's group on the gateway: a push replaces it as a whole, and it can be deleted.

export type GatewayOptions = {
  readonly url: string
  readonly job: string
  readonly instance: string
  /** Further labels of the group. */
  readonly grouping: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly credentials: Credentials
}

export type Credentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'bearer'; readonly token: string }

export type PushResult = { readonly ok: true } | { readonly ok: false; readonly reason: string }

/** Sends `text` by PUT, which replaces all that the group held. Errors come back as one line. */
export async function push(
  options: GatewayOptions,
  text: string,
  contentType: string,
  signal: AbortSignal,
): Promise<PushResult> {
  const answer = await askGateway(options, groupUrl(options), {
    method: 'PUT',
    body: text,
    headers: { 'content-type': contentType },
    signal,
  })
  return answer.ok ? { ok: true } : answer
}

/** Deletes the group with all that it holds; also where there is none it is well. */
export async function deleteGroup(options: GatewayOptions): Promise<PushResult> {
  const answer = await askGateway(options, groupUrl(options), { method: 'DELETE' })
  return answer.ok ? { ok: true } : answer
}

export type GatewayAnswer =
  | { readonly ok: true; readonly body: string }
  | { readonly ok: false; readonly reason: string }

/** One request with the credentials and the time limit; errors and refusals come back as one line. */
export async function askGateway(
  options: GatewayOptions,
  url: string,
  request: RequestInit,
): Promise<GatewayAnswer> {
  const limit = AbortSignal.timeout(options.timeoutMs)
  try {
    const response = await fetch(url, {
      ...request,
      headers: { ...request.headers, ...authorization(options.credentials) },
      // A redirect would carry the credentials elsewhere, or turn the PUT into a GET that stores nothing.
      redirect: 'manual',
      signal: request.signal ? AbortSignal.any([request.signal, limit]) : limit,
    })
    const body = await response.text()
    return response.ok ? { ok: true, body } : { ok: false, reason: refusal(response.status, body) }
  } catch (error) {
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

/** fetch says only "fetch failed"; what happened is in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message || String(error.cause) : error.message
}
