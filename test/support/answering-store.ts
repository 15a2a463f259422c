// An HTTP server that answers as parts of VictoriaMetrics do that are not built here: vmagent, vminsert and vmselect.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Credentials, GatewayOptions } from '../../agent/push/pushgateway.ts'
import { toPushTarget } from '../../agent/settings/push-target.ts'
import { type Cleanable, cleanUpAfter } from './cleanup.ts'

export type Asked = {
  readonly method: string
  readonly path: string
  readonly parameters: URLSearchParams
  readonly authorization: string | undefined
}

/** The data of the answer, or its status; undefined: there is no such path. */
type Answer = { readonly data: unknown } | number | undefined

export type AnsweringStore = { readonly url: string; readonly asked: readonly Asked[] }

/** Starts it; it is stopped after the test. */
export async function startAnsweringStore(
  context: Cleanable,
  answerTo: (asked: Asked) => Answer,
): Promise<AnsweringStore> {
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    const { pathname: path, searchParams: parameters } = new URL(request.url ?? '/', 'http://store')
    const { method = '', headers } = request
    asked.push({ method, path, parameters, authorization: headers.authorization })
    const answer = answerTo({ method, path, parameters, authorization: headers.authorization })
    // As lib/httpserver of VictoriaMetrics refuses a path.
    if (answer === undefined) response.writeHead(400).end(`unsupported path requested: "${path}"\n`)
    else if (typeof answer === 'number') response.writeHead(answer).end()
    else response.end(JSON.stringify({ status: 'success', ...answer }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUpAfter(context, () => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return { url: `http://127.0.0.1:${address.port}`, asked }
}

/** An instant query's data with one value, or with none. */
export function vector(value: number | undefined): Answer {
  return {
    data: { resultType: 'vector', result: value === undefined ? [] : [{ value: [0, String(value)] }] },
  }
}

/** The options of an agent `vm` of the job `kopia` that pushes to this import. */
export function importOptions(
  url: string,
  prometheusUrl = '',
  credentials: Credentials = { kind: 'none' },
): GatewayOptions {
  return {
    url,
    target: toPushTarget({ push_target: 'auto', pushgateway_url: url, prometheus_url: prometheusUrl }),
    job: 'kopia',
    instance: 'vm',
    grouping: {},
    timeoutMs: 5000,
    credentials,
    tls: {},
  }
}
