// Asks a Prometheus, or the store behind an import, by the Prometheus HTTP API (https://prometheus.io/docs/prometheus/latest/querying/api/).

import { messageOf } from '../util/error-text.ts'
import { asRecord, parseJson } from '../util/json.ts'
import { type GatewayOptions, type PushResult, requestGateway } from './pushgateway.ts'
import { deleteUrlOf } from './target.ts'

/** What can be asked of a store; a promise rejects with a StoreError where it does not answer so. */
export type StoreApi = {
  /** The names of the labels that series of the selector have. `since` in Unix seconds. */
  readonly labelNames: (selector: string, since: number) => Promise<readonly string[]>
  /** The names of the metrics of the selector. */
  readonly metricNames: (selector: string, since: number) => Promise<readonly string[]>
  /** How many series the selector has. */
  readonly seriesCount: (selector: string, since: number) => Promise<number>
  /** The value of a query that gives one, at a time in Unix seconds, or now; undefined if it gives none. */
  readonly value: (query: string, at?: number) => Promise<number | undefined>
  /** Deletes the series of the selector, with all their samples. */
  readonly deleteSeries: (selector: string) => Promise<PushResult>
}

/** The reason in one line. `status` is that of HTTP; undefined where no answer came. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly status: number | undefined
  constructor(reason: string, status: number | undefined) {
    super(reason)
    this.status = status
  }

  /** Whether there is no such path, as in a vmagent (VictoriaMetrics, lib/httpserver), rather than something wrong with the request. */
  get hasNoApi(): boolean {
    return this.status === 400 || this.status === 404
  }
}

/** The store at `queryUrl`, the base of its API. */
export function storeApi(options: GatewayOptions, queryUrl: string): StoreApi {
  const get = async (path: string, parameters: Readonly<Record<string, string>>) => {
    const url = `${queryUrl}/api/v1/${path}?${new URLSearchParams(parameters)}`
    const response = await requestGateway(accessTo(options, url), url, { method: 'GET' })
    if (!response.ok) throw new StoreError(response.reason, response.status)
    return dataOf(response.body)
  }
  const list = async (path: string, selector: string, since: number) =>
    // VictoriaMetrics takes 0 as no start, and then looks at the last minutes only.
    listOf(await get(path, { 'match[]': selector, start: String(Math.max(1, since)) }))
  return {
    labelNames: async (selector, since) => (await list('labels', selector, since)).map(String),
    metricNames: async (selector, since) =>
      (await list('label/__name__/values', selector, since)).map(String),
    seriesCount: async (selector, since) => (await list('series', selector, since)).length,
    // Without nocache VictoriaMetrics leaves out the newest 30 s (-search.latencyOffset).
    value: async (query, at) =>
      valueIn(await get('query', { query, nocache: '1', ...(at !== undefined && { time: String(at) }) })),
    deleteSeries: async (selector) => {
      const url = `${deleteUrlOf(queryUrl)}?${new URLSearchParams({ 'match[]': selector })}`
      const response = await requestGateway(accessTo(options, url), url, { method: 'POST' })
      return response.ok ? { ok: true } : { ok: false, reason: response.reason }
    },
  }
}

/** The access to a URL: credentials and client certificate go to the origin only that they were set for. */
function accessTo(
  { url: pushUrl, timeoutMs, credentials, tls }: GatewayOptions,
  url: string,
): Pick<GatewayOptions, 'credentials' | 'tls' | 'timeoutMs'> {
  return new URL(url).origin === new URL(pushUrl).origin
    ? { timeoutMs, credentials, tls }
    : { timeoutMs, credentials: { kind: 'none' }, tls: {} }
}

function dataOf(body: string): unknown {
  return parsed(() => {
    const { data, isPartial } = asRecord(parseJson(body), 'answer')
    // A cluster of which a vmstorage is down (VictoriaMetrics cluster, "Cluster availability"): series that it holds are missing.
    if (isPartial === true) throw new Error('it is partial, a part of the store is down')
    return data
  })
}

function listOf(data: unknown): readonly unknown[] {
  return parsed(() => {
    if (!Array.isArray(data)) throw new Error('expected a list as data')
    return data
  })
}

/** The first series of an instant query: its value stands behind its time, as a text. */
function valueIn(data: unknown): number | undefined {
  return parsed(() => {
    const { result } = asRecord(data, 'data')
    const [series]: readonly unknown[] = Array.isArray(result) ? result : []
    if (series === undefined) return undefined
    const { value } = asRecord(series, 'series')
    return Array.isArray(value) ? Number(value[1]) : undefined
  })
}

function parsed<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    const problem = messageOf(error)
    throw new StoreError(`its answer is not that of a Prometheus API: ${problem}`, undefined)
  }
}
