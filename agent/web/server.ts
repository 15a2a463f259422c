// The agent's HTTP listener: /, /metrics, /-/healthy and /-/ready.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { hostname } from 'node:os'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { hasCode } from '../util/files.ts'
import { createHostCheck } from './allowed-hosts.ts'
import { isAuthorized, type Login } from './login.ts'

export type Reply = {
  readonly status: number
  readonly contentType: string
  readonly body: string | AsyncIterable<string>
  readonly headers?: Readonly<Record<string, string>>
}

/** The agent is ready once it watches, also while it still reads what happened before it started. */
export type Progress = 'starting' | 'reading the past' | 'up to date'

export type WebOptions = {
  readonly host: string
  readonly port: number
  /** Names that a request may address beside `host`, the name of this machine, `localhost` and IP addresses. */
  readonly allowedHosts: readonly string[]
  /** Undefined: no login is needed. */
  readonly login: Login | undefined
  readonly metrics: () => Reply
  /** The status page for the query of the URL. */
  readonly page: (query: URLSearchParams) => Promise<Reply>
  readonly progress: () => Progress
  readonly onError: (error: unknown) => void
  readonly timeLimits?: ReplyTimeLimits
}

/** For clients that read slowly or not at all, each of which holds a connection and what it has not read. */
type ReplyTimeLimits = {
  /** How long a connection may stay without a byte sent or received. */
  readonly idleMs: number
  /** How long one reply may take as a whole. */
  readonly replyMs: number
}

const usualTimeLimits: ReplyTimeLimits = { idleMs: 30_000, replyMs: 300_000 }

export type WebServer = {
  /** The port that the server listens on, chosen by the system where 0 was asked for. */
  readonly port: number
  readonly close: () => Promise<void>
}

/** A service may have 1,024 files open by default (systemd.exec(5), LimitNOFILE): most are for logs, ledger and pushes. */
const mostConnections = 100

/** Starts to listen. Rejects where the address is not available. */
export async function startWebServer(options: WebOptions): Promise<WebServer> {
  const { idleMs, replyMs } = options.timeLimits ?? usualTimeLimits
  const answer = createAnswers(options)
  const server = createServer(
    {
      requestTimeout: 10_000,
      headersTimeout: 5_000,
      // The limits above are checked this often; the default of 30 s would let silent clients hold all connections.
      connectionsCheckingInterval: 5_000,
      maxHeaderSize: 8_192,
    },
    (request, response) => {
      answer(request)
        .then((reply) => send(request, response, reply, AbortSignal.timeout(replyMs)))
        .catch((error: unknown) => {
          if (!isFaultOfReader(error)) options.onError(error)
          response.destroy()
        })
    },
  )
  server.maxConnections = mostConnections
  // Node destroys the connection (nodejs.org/api/http.html, server.timeout).
  server.timeout = idleMs
  const port = await listen(server, options)
  server.on('error', options.onError)
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function listen(server: Server, { port, host }: WebOptions): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}

const readiness: Readonly<Record<Progress, Reply>> = {
  starting: text(503, 'kopia-metrics-agent is starting.\n'),
  'reading the past': text(
    200,
    'kopia-metrics-agent is ready, and still reads what happened before it started.\n',
  ),
  'up to date': text(200, 'kopia-metrics-agent is ready.\n'),
}

const misdirected = text(
  421,
  'This host name is not served. IP addresses, localhost and the name of this machine are; ' +
    'add others to the setting web_allowed_hosts.\n',
)

/** Decides on the reply to a request; sends nothing. */
function createAnswers(options: WebOptions): (request: IncomingMessage) => Promise<Reply> {
  const isAllowedHost = createHostCheck([options.host, hostname(), ...options.allowedHosts])
  return async ({ method, url, headers }) => {
    if (!isAllowedHost(headers.host)) return misdirected
    if (method !== 'GET' && method !== 'HEAD') return text(405, 'Only GET and HEAD are answered.\n')
    const [path, query] = url?.split('?') ?? []
    // Health checks have no password, and these two replies contain no data.
    if (path === '/-/healthy') return text(200, 'kopia-metrics-agent is healthy.\n')
    if (path === '/-/ready') return readiness[options.progress()]
    if (options.login !== undefined && !isAuthorized(headers.authorization, options.login))
      return text(401, 'User name and password are needed.\n')
    if (path === '/') return options.page(new URLSearchParams(query))
    if (path === '/metrics') return options.metrics()
    return text(404, 'There are /, /metrics, /-/healthy and /-/ready.\n')
  }
}

function text(status: number, body: string): Reply {
  return { status, contentType: 'text/plain; charset=utf-8', body }
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, contentType, body, headers }: Reply,
  signal: AbortSignal,
): Promise<void> {
  response.writeHead(status, {
    ...headers,
    'content-type': contentType,
    ...(typeof body === 'string' && { 'content-length': Buffer.byteLength(body) }),
    ...(status === 405 && { allow: 'GET, HEAD' }),
    ...(status === 401 && { 'www-authenticate': 'Basic realm="kopia-metrics-agent", charset="UTF-8"' }),
  })
  if (request.method === 'HEAD') response.end()
  else await pipeline(Readable.from(typeof body === 'string' ? [body] : body), response, { signal })
}

/** Whether the client closed the connection early, or took longer than a limit allows. */
function isFaultOfReader(error: unknown): boolean {
  return ['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE', 'ABORT_ERR'].some((code) =>
    hasCode(error, code),
  )
}
