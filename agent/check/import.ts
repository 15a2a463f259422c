// Checks that the agent's series arrive in the store whose import it pushes to, and that they stay there between two pushes.

import { formatLabels, groupLabels } from '../push/group.ts'
import { type GatewayOptions, push } from '../push/pushgateway.ts'
import { type StoreApi, StoreError, storeApi } from '../push/store-api.ts'
import { findOwnSeries, metricOfSource, withMetric } from '../push/stored-series.ts'
import { agoWords, countWords, durationWords, pluralWords } from '../status/words.ts'
import { type Finding, failure, ok, warning } from './finding.ts'

/** By default the agent pushes at least every five minutes. */
const staleSeconds = 3600
/** An agent that pushed no more for longer is not looked for. */
const longestLookSeconds = 30 * 86_400
/** Two of them may be missing before an alert loses its metrics. */
const longestHeartbeatSeconds = 300
/** Two pushes may be missing before the store no longer shows a series. */
const heartbeatsShown = 3

export type ImportCheck = {
  readonly options: GatewayOptions
  /** The longest time between two pushes, in seconds; undefined if the schedule is unknown. */
  readonly heartbeatSeconds: number | undefined
  /** The setting, where `check` looks, too. */
  readonly prometheusUrl: string | undefined
  /** Unix seconds. */
  readonly now: number
}

/** Looks where the settings say that the store is; where they do not, tries whether the import takes a push. */
export async function* checkImport(check: ImportCheck): AsyncGenerator<Finding> {
  const { options } = check
  const { target } = options
  if (target.kind !== 'prometheus-import') return
  yield* checkHeartbeat(check)
  const { store } = target
  if (store.kind === 'unknown') {
    yield await tryPush(check, store.reason)
    return
  }
  try {
    yield* lookInStore(check, storeApi(options, store.queryUrl))
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    // A vmagent takes pushes at the same URL, and answers no queries.
    yield error.hasNoApi
      ? await tryPush(check, `no queries are answered beside it, as in a vmagent: ${error.message}`)
      : unreachable(`${store.queryUrl}: ${error.message}`)
  }
}

/** The alerts look back a quarter of an hour, so a store that nothing else repeats the metrics to needs one that is late, too. */
function* checkHeartbeat({ heartbeatSeconds }: ImportCheck): Generator<Finding> {
  if (heartbeatSeconds === undefined || heartbeatSeconds <= longestHeartbeatSeconds) return
  yield failure(
    'gateway',
    `refresh_schedule pushes every ${durationWords(heartbeatSeconds)}, and the alerts look back 15 min: they lose the metrics in between`,
    `let it push at least every ${durationWords(longestHeartbeatSeconds)}, as by default`,
  )
}

function unreachable(found: string): Finding {
  return failure('gateway', found, 'start the store, or correct pushgateway_url and its credentials')
}

/** A push without metrics changes nothing, and shows whether URL and login are right. */
async function tryPush({ options, prometheusUrl }: ImportCheck, reason: string): Promise<Finding> {
  const result = await push(options, [], 'text/plain', new AbortController().signal)
  if (!result.ok) return unreachable(`${options.url}: ${result.reason}`)
  const found = `${options.url} takes pushes; what the store has of them is not checked (${reason})`
  return prometheusUrl === undefined
    ? warning('gateway', found, 'set prometheus_url to the store, so that check can look there')
    : ok('gateway', found)
}

async function* lookInStore(
  { options, heartbeatSeconds, now }: ImportCheck,
  store: StoreApi,
): AsyncGenerator<Finding> {
  const labels = groupLabels(options)
  const name = formatLabels(labels)
  const { selector, furtherLabels } = await findOwnSeries(store, labels, now - longestLookSeconds)
  const stamp = withMetric(selector, 'kopia_agent_metrics_timestamp_seconds')
  const madeAt = await store.value(`max(last_over_time(${stamp}[30d]))`)
  if (madeAt === undefined) {
    const others =
      furtherLabels.length === 0 ? '' : `, only such with further labels (${furtherLabels.join(', ')})`
    yield warning(
      'gateway',
      `${options.url} holds no series ${name}${others}`,
      'start the agent, or push once',
    )
    return
  }
  const lastPushed = `last pushed ${agoWords(madeAt, now)}`
  if (now - madeAt > staleSeconds) {
    const advice = 'start the agent, or run "forget" if this machine is retired'
    yield warning('gateway', `${name}: ${lastPushed}`, advice)
    return
  }
  const count = async (of: string) => (await store.value(`count(last_over_time(${of}[1h]))`)) ?? 0
  const sources = pluralWords(await count(withMetric(selector, metricOfSource)), 'source')
  yield ok('gateway', `${name}: ${countWords(await count(selector))} series of ${sources}, ${lastPushed}`)
  if (heartbeatSeconds !== undefined) yield* checkLookBack(store, stamp, heartbeatSeconds)
}

/**
 * Asks what the store will answer two heartbeats after the newest push. Nothing is replaced in a store, and nothing is scraped:
 * between two pushes it shows the last sample only for as long as it looks back, which is 5 minutes by default.
 */
async function* checkLookBack(
  store: StoreApi,
  stamp: string,
  heartbeatSeconds: number,
): AsyncGenerator<Finding> {
  // tlast_over_time is the time of the sample, by the store's clock (MetricsQL).
  const newestAt = await store.value(`max(tlast_over_time(${stamp}[1h]))`)
  if (newestAt === undefined) return
  const shown = await store.value(`max(${stamp})`, newestAt + 2 * heartbeatSeconds)
  if (shown !== undefined) return
  const minutes = Math.ceil((heartbeatsShown * heartbeatSeconds) / 60)
  yield warning(
    'gateway',
    `the store no longer shows a series ${durationWords(2 * heartbeatSeconds)} after its last push, so alerts and panels may have gaps`,
    `start the store (of a cluster: vmselect) with -search.minStalenessInterval=${minutes}m`,
  )
}
