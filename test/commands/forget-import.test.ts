// forget where the agent pushes to an import: what is asked and said where the store can be asked, and where it cannot.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forgetSeries } from '../../agent/commands/forget-import.ts'
import type { GatewayOptions } from '../../agent/push/pushgateway.ts'
import { selectorOf } from '../../agent/push/stored-series.ts'
import { type Asked, importOptions, startAnsweringStore } from '../support/answering-store.ts'

const importPath = '/api/v1/import/prometheus'
const deletePath = '/api/v1/admin/tsdb/delete_series'

function forget(options: GatewayOptions, prometheusUrl?: string) {
  const { target } = options
  assert.ok(target.kind === 'prometheus-import')
  return forgetSeries(options, target.store, prometheusUrl, async () => undefined)
}

/** A store with one series, which `statusOfDelete` answers to its deletion; another status than 2xx keeps the series. */
function storeOf(base: string, statusOfDelete: number) {
  let series = 1
  return ({ path }: Asked) => {
    if (path.endsWith(deletePath)) {
      if (statusOfDelete < 300) series = 0
      return statusOfDelete
    }
    if (path === `${base}/api/v1/labels`) return { data: ['path'] }
    if (path === `${base}/api/v1/label/__name__/values`) return { data: series === 0 ? [] : ['kopia_x'] }
    return path === `${base}/api/v1/series` ? { data: Array(series).fill({}) } : undefined
  }
}

test('the series of a cluster are deleted by vmselect, without the login of vminsert', async (context) => {
  const select = await startAnsweringStore(context, storeOf('/select/0/prometheus', 204))
  const url = `http://127.0.0.1:1/insert/0/prometheus${importPath}`
  const queryUrl = `${select.url}/select/0/prometheus`
  const options = importOptions(url, queryUrl, { kind: 'basic', username: 'u', password: 'p' })
  assert.deepEqual(await forget(options, queryUrl), {
    kind: 'deleted',
    text: `Deleted {job="kopia", instance="vm"} from ${queryUrl}: 1 series of 0 sources, with all their history.`,
  })
  const deletions = select.asked.filter(({ method }) => method === 'POST')
  assert.deepEqual(
    deletions.map(({ path, parameters }) => [path, parameters.get('match[]')]),
    [[`/delete/0/prometheus${deletePath}`, selectorOf({ job: 'kopia', instance: 'vm' })]],
  )
  assert.ok(select.asked.every(({ authorization }) => authorization === undefined))
})

test('where a cluster has no prometheus_url, nothing is asked, and the call is told', async () => {
  const outcome = await forget(importOptions(`http://127.0.0.1:1/insert/0/prometheus${importPath}`))
  assert.equal(outcome.kind, 'failed')
  assert.match(
    outcome.text,
    /cannot be asked \(expected a prometheus_url such as .*, found none\), so nothing was deleted/,
  )
  assert.match(
    outcome.text,
    /: curl -X POST http:\/\/VMSELECT:8481\/delete\/0\/prometheus\/api\/v1\/admin\/tsdb\/delete_series --data-urlencode 'match\[\]=\{__name__=~"kopia_\(agent\|.*\)_\.\+", job="kopia", instance="vm"\}'$/,
  )
})

test('behind a vmagent nothing is deleted, and the call names the store of prometheus_url', async (context) => {
  const agent = await startAnsweringStore(context, ({ path }) =>
    path.startsWith(importPath) ? 200 : undefined,
  )
  const outcome = await forget(
    importOptions(agent.url + importPath),
    'http://vmselect:8481/select/3/prometheus',
  )
  assert.equal(outcome.kind, 'failed')
  assert.match(outcome.text, /it answered 400: unsupported path .*, so nothing was deleted\./)
  assert.match(outcome.text, /curl -X POST http:\/\/vmselect:8481\/delete\/3\/prometheus\/api/)
  assert.ok(agent.asked.every(({ method }) => method === 'GET'))
})

test('a deletion that the store refuses is told with the call, such as one that needs an authKey', async (context) => {
  const store = await startAnsweringStore(context, storeOf('', 401))
  const outcome = await forget(importOptions(store.url + importPath))
  assert.equal(outcome.kind, 'failed')
  assert.match(
    outcome.text,
    /did not delete \{job="kopia", instance="vm"\}: it answered 401: .*the authKey .*: curl -X POST/,
  )
})

test('a store that takes the deletion and keeps the series is no deletion', async (context) => {
  const answer = storeOf('', 401)
  const store = await startAnsweringStore(context, (asked) => (asked.method === 'POST' ? 204 : answer(asked)))
  const outcome = await forget(importOptions(store.url + importPath))
  assert.deepEqual(outcome, {
    kind: 'failed',
    text:
      `${store.url} took the deletion, but 1 of 1 series of 0 sources of {job="kopia", instance="vm"} are still there. ` +
      'Stop what pushes them, and run this command again.',
  })
})

test('a cluster that answers only in part deletes nothing', async (context) => {
  const answer = storeOf('', 204)
  const store = await startAnsweringStore(context, (asked) => {
    const answered = answer(asked)
    return typeof answered === 'object' ? { ...answered, isPartial: true } : answered
  })
  const outcome = await forget(importOptions(store.url + importPath))
  assert.equal(outcome.kind, 'failed')
  assert.match(outcome.text, /partial.*so nothing was deleted/)
  assert.ok(store.asked.every(({ method }) => method === 'GET'))
})
