// Pushes into the text import of a store. The import only adds samples, so what is no longer there is ended by a stale marker.

import { groupLabels } from './group.ts'
import { type GatewayOptions, type PushResult, push, requestGateway } from './pushgateway.ts'
import { remoteWriteHeaders, staleMarkersOf } from './remote-write.ts'
import { labelsOf, seriesIn } from './series-text.ts'
import { remoteWriteUrlOf } from './target.ts'

type ImportOptions = {
  readonly gateway: GatewayOptions
  readonly nowSeconds: () => number
  /** Runs the sending of stale markers: metrics that have arrived are no failed push. A marker that fails is sent again. */
  readonly guard: (endSeries: () => Promise<void>) => Promise<void>
}

type SendToImport = (
  pieces: AsyncIterable<string>,
  contentType: string,
  signal: AbortSignal,
) => Promise<PushResult>

/** A marker has some 200 bytes, and VictoriaMetrics takes 32 MB at a time (-maxInsertRequestSize). Encoding them must not block for long. */
const mostMarkers = 2000

/**
 * Creates a push that remembers which series the last one had, and ends those that the next one lacks. Without it the store
 * shows them until its staleness interval is over. The markers carry the agent's time, the samples that of the store.
 */
export function createImport({ gateway, nowSeconds, guard }: ImportOptions): SendToImport {
  const url = remoteWriteUrlOf(gateway.url)
  let shown: ReadonlySet<string> = new Set()

  async function endSeries(ended: readonly string[], current: Set<string>, signal: AbortSignal) {
    if (url === undefined || ended.length === 0) return
    for (const each of ended) current.add(each)
    await guard(async () => {
      for (let from = 0; from < ended.length; from += mostMarkers) {
        const batch = ended.slice(from, from + mostMarkers)
        await sendStaleMarkers(gateway, url, batch, nowSeconds(), signal)
        for (const each of batch) current.delete(each)
      }
    })
  }

  return async (pieces, contentType, signal) => {
    const current = new Set<string>()
    const result = await push(gateway, noting(pieces, current), contentType, signal)
    if (!result.ok) {
      // The store may have taken a part.
      shown = new Set([...shown, ...current])
      return result
    }
    const ended = [...shown].filter((each) => !current.has(each))
    await endSeries(ended, current, signal)
    shown = current
    return result
  }
}

async function* noting(pieces: AsyncIterable<string>, series: Set<string>): AsyncGenerator<string> {
  let rest = ''
  for await (const piece of pieces) {
    const lines = rest + piece
    const end = lines.lastIndexOf('\n') + 1
    for (const each of seriesIn(lines.slice(0, end))) series.add(each)
    rest = lines.slice(end)
    yield piece
  }
}

async function sendStaleMarkers(
  gateway: GatewayOptions,
  url: string,
  ended: readonly string[],
  atSeconds: number,
  signal: AbortSignal,
): Promise<void> {
  const group = groupLabels(gateway)
  const series = ended.map((each) => ({ ...labelsOf(each), ...group }))
  const response = await requestGateway(
    gateway,
    url,
    { method: 'POST', body: [staleMarkersOf(series, atSeconds)], headers: remoteWriteHeaders },
    signal,
  )
  if (!response.ok) throw new Error(`${url}: ${response.reason}`)
}
