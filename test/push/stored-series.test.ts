import assert from 'node:assert/strict'
import { test } from 'node:test'
import { definitions } from '../../agent/metrics/definitions.ts'
import { type StoreApi, StoreError } from '../../agent/push/store-api.ts'
import { deleteOwnSeries, findOwnSeries, selectorOf } from '../../agent/push/stored-series.ts'

const labels = { job: 'kopia', instance: 'vm' }
const firstSeen = 'kopia_backup_first_seen_timestamp_seconds'

type Held = Readonly<Record<string, number>>

/** A store that holds so many series of each metric; `after` is what each deletion leaves. */
function storeOf(held: Held, after: readonly (Held | StoreError)[], labelNames: readonly string[] = []) {
  const calls: string[] = []
  let now: Held | StoreError = held
  const holding = () => {
    if (now instanceof StoreError) throw now
    return now
  }
  const store: StoreApi = {
    labelNames: async () => labelNames,
    metricNames: async () => Object.keys(holding()),
    seriesCount: async (selector) =>
      Object.entries(holding()).find(([name]) => selector.includes(`__name__="${name}"`))?.[1] ?? 0,
    value: async () => undefined,
    deleteSeries: async (selector) => {
      calls.push(selector)
      now = after[calls.length - 1] ?? {}
      return { ok: true }
    },
  }
  return { store, calls }
}

function deleteFrom(store: StoreApi) {
  const pauses: number[] = []
  return deleteOwnSeries(store, labels, async (ms) => void pauses.push(ms)).then((result) => ({
    result,
    pauses: pauses.length,
  }))
}

test('series with labels of another group are left out of the selector', async () => {
  const { store } = storeOf({}, [], ['__name__', 'job', 'instance', 'path', 'status', 'site', 'env'])
  assert.deepEqual(await findOwnSeries(store, labels, 1), {
    selector:
      '{__name__=~"kopia_(agent|backup|command|maintenance|repository|snapshot|verify)_.+", job="kopia", instance="vm", site="", env=""}',
    furtherLabels: ['site', 'env'],
  })
  assert.equal(selectorOf({ city: 'a"b\\c\n' }, 'up'), '{up, city="a\\"b\\\\c\\n"}')
})

test('the selector has every metric of the agent, and none of Kopia itself', () => {
  const [, names = ''] = /^\{__name__=~"(.+)", job/.exec(selectorOf(labels)) ?? []
  const isOwn = (name: string) => new RegExp(`^(?:${names})$`).test(name)
  assert.deepEqual(
    Object.keys(definitions).filter((name) => !isOwn(name)),
    [],
  )
  const ofKopia = [
    'kopia_blob_upload_bytes_total',
    'kopia_cache_hit_total',
    'kopia_content_decrypted_bytes_total',
  ]
  assert.deepEqual(ofKopia.filter(isOwn), [])
})

test('a deletion is repeated until none is left, and only then said to be done', async () => {
  const { store, calls } = storeOf({ [firstSeen]: 2, kopia_x: 10 }, [{ kopia_x: 1 }, {}])
  const { result, pauses } = await deleteFrom(store)
  assert.deepEqual(result, { kind: 'deleted', before: { series: 12, sources: 2 } })
  assert.deepEqual([calls.length, pauses], [2, 2])
})

test('what comes back after each deletion is reported as left', async () => {
  const { store, calls } = storeOf({ kopia_x: 10 }, Array(9).fill({ kopia_x: 3 }))
  const { result } = await deleteFrom(store)
  assert.equal(result.kind, 'left')
  assert.deepEqual(result.kind === 'left' && result.left, { series: 3, sources: 0 })
  assert.equal(calls.length, 5)
})

test('an empty store is asked once more after a moment, and nothing is deleted', async () => {
  const { store, calls } = storeOf({}, [], ['site'])
  const { result, pauses } = await deleteFrom(store)
  assert.deepEqual([result, pauses, calls], [{ kind: 'none', furtherLabels: ['site'] }, 1, []])
})

test('a store that falls silent after it took the deletion is no deletion', async () => {
  const { store } = storeOf({ kopia_x: 1 }, [new StoreError('connect ECONNREFUSED', undefined)])
  const { result } = await deleteFrom(store)
  assert.equal(result.kind, 'unconfirmed')
})

test('a refusal is a result, and a store that does not answer before is asked to delete nothing', async () => {
  const { store } = storeOf({ kopia_x: 1 }, [])
  const refusing = {
    ...store,
    deleteSeries: async () => ({ ok: false, reason: 'it answered 401: ' }) as const,
  }
  assert.equal((await deleteFrom(refusing)).result.kind, 'refused')
  const silent = storeOf({}, [])
  const away = { ...silent.store, labelNames: () => Promise.reject(new StoreError('away', undefined)) }
  await assert.rejects(deleteFrom(away), StoreError)
  assert.deepEqual(silent.calls, [])
})
