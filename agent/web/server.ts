// GET /, /metrics, /-/healthy, /-/ready: the agent as an exporter and a status page of its own.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { hasCode } from '../util/files.ts'
import { isAuthorized, type Login } from './login.ts'

export type Reply = {
  readonly status: number
  readonly contentType: string
  readonly body: string | AsyncIterable<string>
  readonly headers?: Readonly<Record<string, string>>
}

/** Ready is an agent that misses nothing any more, though it may still be reading what was before. */
export type Progress = 'starting' | 'reading the past' | 'up to date'

export type WebOptions = {
  readonly host: string
  readonly port: number
  /** Undefined: everybody is answered. */
  readonly login: Login | undefined
  readonly metrics: () => Reply
  /** The status page, by what stands behind the `?`. */
  readonly page: (query: URLSearchParams) => Promise<Reply>
  readonly progress: () => Progress
  readonly onError: (error: unknown) => void
}

export type WebServer = {
  /** The port that it listens on, also where 0 was asked for. */
  readonly port: number
  readonly close: () => Promise<void>
}

/** Far below the 1024 files that a service may have open by default: the others are for logs, ledger and pushing. */
const mostConnections = 100

/** Starts to listen; rejects where the address can't be had. */
export async function startWebServer(options: WebOptions): Promise<WebServer> {
  const server = createServer(
    {
      requestTimeout: 10_000,
      headersTimeout: 5_000,
      // By default twice a minute; each look costs an idle agent as much as anything else it does.
      connectionsCheckingInterval: 5000,
      maxHeaderSize: 8192,
    },
    (request, response) => {
      reply(options, request)
        .then((answer) => send(request, response, answer))
        .catch((error: unknown) => {
          if (!hasGoneAway(error)) options.onError(error)
          response.destroy()
        })
    },
  )
  server.maxConnections = mostConnections
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, resolve)
  })
  server.on('error', options.onError)
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const readiness: Readonly<Record<Progress, Reply>> = {
  starting: text(503, 'kopia-metrics-agent is starting.\n'),
  'reading the past': text(
    200,
    'kopia-metrics-agent is ready, and still reads what happened before it started.\n',
  ),
  'up to date': text(200, 'kopia-metrics-agent is ready.\n'),
}

async function reply(options: WebOptions, request: IncomingMessage): Promise<Reply> {
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return text(405, 'Only GET and HEAD are answered.\n')
  const [path, query] = request.url?.split('?') ?? []
  switch (path) {
    // Whoever watches over processes has no password; these tell nothing else.
    case '/-/healthy':
      return text(200, 'kopia-metrics-agent is healthy.\n')
    case '/-/ready':
      return readiness[options.progress()]
  }
  if (options.login !== undefined && !isAuthorized(request.headers.authorization, options.login))
    return text(401, 'User name and password are needed.\n')
  if (path === '/') return options.page(new URLSearchParams(query))
  if (path === '/metrics') return options.metrics()
  return text(404, 'There are /, /metrics, /-/healthy and /-/ready.\n')
}

function text(status: number, body: string): Reply {
  return { status, contentType: 'text/plain; charset=utf-8', body }
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, contentType, body, headers }: Reply,
): Promise<void> {
  response.writeHead(status, {
    ...headers,
    'content-type': contentType,
    ...(typeof body === 'string' && { 'content-length': Buffer.byteLength(body) }),
    ...(status === 405 && { allow: 'GET, HEAD' }),
    ...(status === 401 && { 'www-authenticate': 'Basic realm="kopia-metrics-agent", charset="UTF-8"' }),
  })
  if (request.method === 'HEAD') response.end()
  else await pipeline(Readable.from(typeof body === 'string' ? [body] : body), response)
}

/** A reader that goes away before it has all is no fault of the agent's. */
function hasGoneAway(error: unknown): boolean {
  return (
    hasCode(error, 'ERR_STREAM_PREMATURE_CLOSE') || hasCode(error, 'ECONNRESET') || hasCode(error, 'EPIPE')
  )
}
