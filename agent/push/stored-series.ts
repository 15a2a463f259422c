// The series of one agent in a store: which they are, how many, and their deletion.

import { definitions } from '../metrics/definitions.ts'
import { type StoreApi, StoreError } from './store-api.ts'

type Labels = Readonly<Record<string, string>>
/** Waits for milliseconds. */
type Pause = (ms: number) => Promise<void>

/** How many series a store has of an agent, and of how many sources. */
export type SeriesCount = { readonly series: number; readonly sources: number }

/** `furtherLabels` are labels that only other groups have, with the same labels and more. */
type OwnSeries = { readonly selector: string; readonly furtherLabels: readonly string[] }

export type DeleteResult =
  | { readonly kind: 'deleted'; readonly before: SeriesCount }
  | { readonly kind: 'none'; readonly furtherLabels: readonly string[] }
  | { readonly kind: 'refused'; readonly reason: string; readonly selector: string }
  | {
      readonly kind: 'left'
      readonly before: SeriesCount
      readonly left: SeriesCount
      readonly selector: string
    }
  /** The store took the call, and then did not say what is left. */
  | { readonly kind: 'unconfirmed'; readonly reason: string; readonly selector: string }

const labelsOfMetrics: ReadonlySet<string> = new Set([
  '__name__',
  ...Object.values(definitions).flatMap(({ labels }): readonly string[] => labels),
])

/** Each source has it once, as long as it is known. */
export const metricOfSource = 'kopia_backup_first_seen_timestamp_seconds'

/** The largest retention is not known here: from the first second on. */
const fromTheBeginning = 1

/** Asked again after this time, a store shows what it took before: VictoriaMetrics needs up to 2 s for new series. */
const visibleAfterMs = 3000
const mostDeletions = 5

/**
 * The selector of the series with exactly these labels besides those of the metrics themselves. A selector matches also series
 * with further labels, such as those of another group, so it names these as empty.
 */
export async function findOwnSeries(
  store: Pick<StoreApi, 'labelNames'>,
  labels: Labels,
  since: number,
): Promise<OwnSeries> {
  const names = await store.labelNames(selectorOf(labels), since)
  const furtherLabels = names.filter((name) => !labelsOfMetrics.has(name) && !Object.hasOwn(labels, name))
  return { selector: selectorOf({ ...labels, ...emptyValues(furtherLabels) }), furtherLabels }
}

/**
 * All metrics of the agent, also of another version, by the second word of their names. Kopia's own begin with `kopia_`, too, such as
 * `kopia_blob_upload_bytes_total` (kopia server start --metrics-listen-addr).
 */
const secondWords = new Set(Object.keys(definitions).map((name) => name.split('_')[1]))
const ownNames = `__name__=~"kopia_(${[...secondWords].sort().join('|')})_.+"`

/** `{__name__=~"kopia_(agent|…)_.+", job="kopia"}`; a text in JSON is one in PromQL, too. */
export function selectorOf(labels: Labels, name = ownNames): string {
  const matchers = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`)
  return `{${[name, ...matchers].join(', ')}}`
}

/** The same selector for one metric. */
export function withMetric(selector: string, metric: string): string {
  return selector.replace(ownNames, `__name__="${metric}"`)
}

/**
 * Deletes the series with exactly these labels, and reports what it has seen: it counts before and after, until none is left.
 * Rejects with a StoreError where the store does not answer before; then nothing is deleted.
 */
export async function deleteOwnSeries(store: StoreApi, labels: Labels, pause: Pause): Promise<DeleteResult> {
  let { selector, furtherLabels } = await findOwnSeries(store, labels, fromTheBeginning)
  let before = await countSeries(store, selector)
  if (before.series === 0) {
    await pause(visibleAfterMs)
    ;({ selector, furtherLabels } = await findOwnSeries(store, labels, fromTheBeginning))
    before = await countSeries(store, selector)
  }
  return before.series === 0
    ? { kind: 'none', furtherLabels }
    : await deleteUntilNoneIsLeft(store, selector, before, pause)
}

async function deleteUntilNoneIsLeft(
  store: StoreApi,
  selector: string,
  before: SeriesCount,
  pause: Pause,
): Promise<DeleteResult> {
  let left = before
  for (let deletions = 0; left.series > 0 && deletions < mostDeletions; deletions += 1) {
    const result = await store.deleteSeries(selector)
    if (!result.ok) return { kind: 'refused', reason: result.reason, selector }
    await pause(visibleAfterMs)
    try {
      left = await countSeries(store, selector)
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      return { kind: 'unconfirmed', reason: error.message, selector }
    }
  }
  return left.series === 0 ? { kind: 'deleted', before } : { kind: 'left', before, left, selector }
}

/** Counts metric by metric: VictoriaMetrics lists 30,000 series at most at a time (-search.maxSeries). */
async function countSeries(store: StoreApi, selector: string): Promise<SeriesCount> {
  let series = 0
  let sources = 0
  for (const name of await store.metricNames(selector, fromTheBeginning)) {
    const count = await store.seriesCount(withMetric(selector, name), fromTheBeginning)
    series += count
    if (name === metricOfSource) sources = count
  }
  return { series, sources }
}

function emptyValues(names: readonly string[]): Labels {
  return Object.fromEntries(names.map((name) => [name, '']))
}
