// Sends one HTTP or HTTPS request; follows no redirects.

import { readFile } from 'node:fs/promises'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** Paths of PEM files, which are read at each request: certificates may be renewed while the agent runs. */
export type TlsFiles = { readonly ca?: string; readonly certificate?: string; readonly key?: string }

/** Sent piece by piece. A string alone does not fit: it would be sent character by character. */
export type Body = readonly (string | Uint8Array)[] | AsyncIterable<string>

export type HttpRequest = {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE'
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Body
  readonly tls: TlsFiles
  readonly signal: AbortSignal
}

type HttpResponse = { readonly status: number; readonly text: string }

/** Far more than a gateway holds; a response without end must not fill the memory. */
const mostResponseBytes = 64 * 1024 * 1024

/** Sends the request; rejects if no complete response arrives. */
export async function sendRequest(options: HttpRequest): Promise<HttpResponse> {
  const { body = [], method, headers, signal } = options
  const url = new URL(options.url)
  const isSecure = url.protocol === 'https:'
  // Load TLS only if needed: it costs 3 MiB, and most gateways do without it.
  const send = isSecure ? (await import('node:https')).request : httpRequest
  const certificates = isSecure ? await readTlsFiles(options.tls) : {}
  return new Promise((resolve, reject) => {
    const request = send(url, { method, signal, headers: { ...headers }, ...certificates })
    request.on('response', (response) => readResponse(response).then(resolve, reject))
    request.on('error', reject)
    pipeline(Readable.from(body), request).catch(reject)
  })
}

async function readResponse(response: IncomingMessage): Promise<HttpResponse> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response) {
    bytes += chunk.length
    if (bytes > mostResponseBytes) throw new Error(`its answer has more than ${mostResponseBytes} bytes`)
    chunks.push(chunk)
  }
  return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }
}

async function readTlsFiles({ ca, certificate, key }: TlsFiles): Promise<Record<string, Buffer>> {
  return {
    ...(ca && { ca: await readFile(ca) }),
    ...(certificate && { cert: await readFile(certificate) }),
    ...(key && { key: await readFile(key) }),
  }
}
