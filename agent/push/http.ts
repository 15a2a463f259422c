// One HTTP request, over TLS where the address says so; no redirect is followed.

import { readFile } from 'node:fs/promises'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** Paths of PEM files; read at each request, since certificates are renewed while the agent runs. */
export type TlsFiles = { readonly ca?: string; readonly certificate?: string; readonly key?: string }

/** Sent piece by piece. A string alone does not fit: it would be sent character by character. */
export type Body = readonly string[] | AsyncIterable<string>

export type HttpRequest = {
  readonly method: 'GET' | 'PUT' | 'DELETE'
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Body
  readonly tls: TlsFiles
  readonly signal: AbortSignal
}

export type HttpResponse = { readonly status: number; readonly text: string }

/** All that a gateway holds fits in; one that sends without end must not fill the memory. */
const largestAnswerBytes = 64 * 1024 * 1024

/** Rejects where no whole answer arrives. */
export async function sendRequest(options: HttpRequest): Promise<HttpResponse> {
  const { body = [], method, headers, signal } = options
  const url = new URL(options.url)
  const isSecure = url.protocol === 'https:'
  // Node's TLS is 3 MiB that most gateways never ask for.
  const send = isSecure ? (await import('node:https')).request : httpRequest
  const secrets = isSecure ? await readTlsFiles(options.tls) : {}
  return new Promise((resolve, reject) => {
    const request = send(url, { method, signal, headers: { ...headers }, ...secrets })
    request.on('response', (response) => readAnswer(response).then(resolve, reject))
    request.on('error', reject)
    pipeline(Readable.from(body), request).catch(reject)
  })
}

async function readAnswer(response: IncomingMessage): Promise<HttpResponse> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response) {
    bytes += chunk.length
    if (bytes > largestAnswerBytes) throw new Error(`its answer has more than ${largestAnswerBytes} bytes`)
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
