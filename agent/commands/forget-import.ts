// forget, where the agent pushes to the import of a store: deletes this agent's series there, with their history.

import { formatLabels, groupLabels } from '../push/group.ts'
import type { GatewayOptions } from '../push/pushgateway.ts'
import { StoreError, storeApi } from '../push/store-api.ts'
import { type DeleteResult, deleteOwnSeries, type SeriesCount, selectorOf } from '../push/stored-series.ts'
import { deleteUrlOf, placeholderUrl, type Store } from '../push/target.ts'
import { countWords, pluralWords } from '../status/words.ts'
import { shellWord } from '../util/shell-word.ts'

/** What became of it, and what is said: on standard error where it failed. */
export type Outcome = { readonly kind: 'deleted' | 'nothing to delete' | 'failed'; readonly text: string }

/**
 * Deletes the series and says what was seen. `prometheusUrl` is the setting: where the store cannot be asked, it makes the call
 * that a person is told to make. `pause` waits for milliseconds.
 */
export async function forgetSeries(
  options: GatewayOptions,
  store: Store,
  prometheusUrl: string | undefined,
  pause: (ms: number) => Promise<void>,
): Promise<Outcome> {
  const byHand = (selector: string, url: string) => byHandText(selector, deleteUrlOf(url))
  const ownSelector = selectorOf(groupLabels(options))
  if (store.kind === 'unknown') {
    const text = `${options.url}: the store behind it cannot be asked (${store.reason}), so nothing was deleted.`
    return { kind: 'failed', text: `${text} ${byHand(ownSelector, store.placeholderUrl)}` }
  }
  try {
    const result = await deleteOwnSeries(storeApi(options, store.queryUrl), groupLabels(options), pause)
    return outcomeOf(result, options, store.queryUrl)
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    const text = `${store.queryUrl} does not say which series it has (${error.message}), so nothing was deleted.`
    // A vmagent takes pushes at the same URL, and holds no series.
    const url = error.hasNoApi ? (prometheusUrl ?? placeholderUrl) : store.queryUrl
    return { kind: 'failed', text: `${text} ${byHand(ownSelector, url)}` }
  }
}

function outcomeOf(result: DeleteResult, options: GatewayOptions, queryUrl: string): Outcome {
  const name = formatLabels(groupLabels(options))
  switch (result.kind) {
    case 'deleted': {
      const deleted = `Deleted ${name} from ${queryUrl}: ${seriesWords(result.before)}, with all their history.`
      return { kind: 'deleted', text: deleted }
    }
    case 'none':
      return {
        kind: 'nothing to delete',
        text: `Nothing to delete: ${queryUrl} holds no series ${name}.${othersText(result.furtherLabels)}`,
      }
    case 'refused': {
      const text = `${queryUrl} did not delete ${name}: ${result.reason}.`
      return { kind: 'failed', text: `${text} ${byHandText(result.selector, deleteUrlOf(queryUrl))}` }
    }
    case 'left': {
      const left = `${countWords(result.left.series)} of ${seriesWords(result.before)} of ${name} are still there`
      const advice = 'Stop what pushes them, and run this command again.'
      return { kind: 'failed', text: `${queryUrl} took the deletion, but ${left}. ${advice}` }
    }
    case 'unconfirmed': {
      const text = `${queryUrl} took the deletion of ${name}, but does not say what is left: ${result.reason}.`
      return { kind: 'failed', text: `${text} Run this command again.` }
    }
  }
}

function seriesWords({ series, sources }: SeriesCount): string {
  return `${countWords(series)} series of ${pluralWords(sources, 'source')}`
}

function othersText(furtherLabels: readonly string[]): string {
  if (furtherLabels.length === 0) return ''
  const labels = furtherLabels.join(', ')
  return ` It has series with these labels and more (${labels}): to delete those of one value, give it by --grouping.`
}

function byHandText(selector: string, deleteUrl: string): string {
  const call = `curl -X POST ${shellWord(deleteUrl)} --data-urlencode ${shellWord(`match[]=${selector}`)}`
  return `To delete the series with their history by hand, with the login and the authKey that the store asks for: ${call}`
}
