// Passes the requests of an agent on to a store, unchanged, and its pushes to a gateway as well, so that both get the same.

import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { importPath } from '../../../agent/push/target.ts'
import { type Cleanable, cleanUpAfter } from '../cleanup.ts'

export type Tee = {
  readonly url: string
  /** What a store answered that was no success. The agent got it as well. */
  readonly refusals: readonly string[]
  /** When each push had reached both, in Unix seconds. */
  readonly pushedAt: readonly number[]
}

type Answer = { readonly status: number; readonly text: string }

/**
 * Listens on a free port of 127.0.0.1, in front of a store. What is pushed into its text import goes to the gateway first; what
 * only a store understands (the end of a series) does not. The first answer that is no success, else the store's, goes back.
 */
export async function startTee(context: Cleanable, store: string, gateway: string): Promise<Tee> {
  const refusals: string[] = []
  const pushedAt: number[] = []
  const server = createServer(async (request, response) => {
    const body = await buffer(request)
    const { url = '' } = request
    const answers: Answer[] = []
    // One after the other, so that both have the pushes in the agent's order. With POST, a gateway would keep what is not in the push.
    if (url.startsWith(importPath)) {
      const group = `${gateway}${url.slice(importPath.length)}`
      answers.push(await passOn(group, 'PUT', request.headers, body))
    }
    answers.push(await passOn(`${store}${url}`, request.method ?? '', request.headers, body))
    pushedAt.push(Date.now() / 1000)
    const refused = answers.filter(({ status }) => status >= 300)
    refusals.push(...refused.map(({ status, text }) => `${status}: ${text}`))
    const { status, text } = refused[0] ?? answers.at(-1) ?? { status: 500, text: 'no target' }
    response.writeHead(status).end(status === 204 ? undefined : text)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUpAfter(context, () => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return { url: `http://127.0.0.1:${address.port}`, refusals, pushedAt }
}

async function passOn(
  target: string,
  method: string,
  headers: IncomingMessage['headers'],
  body: Buffer,
): Promise<Answer> {
  const kept = ['content-type', 'content-encoding', 'x-prometheus-remote-write-version'].flatMap(
    (name): [string, string][] => {
      const value = headers[name]
      return typeof value === 'string' ? [[name, value]] : []
    },
  )
  const hasBody = method !== 'GET' && method !== 'HEAD'
  const response = await fetch(target, {
    method,
    headers: Object.fromEntries(kept),
    ...(hasBody && { body: new Uint8Array(body) }),
  })
  return { status: response.status, text: await response.text() }
}
