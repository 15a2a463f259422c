import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Finding } from '../../agent/check/finding.ts'
import { checkPrometheus } from '../../agent/check/gateway.ts'
import { checkImport } from '../../agent/check/import.ts'
import type { GatewayOptions } from '../../agent/push/pushgateway.ts'
import { type Asked, importOptions, startAnsweringStore, vector } from '../support/answering-store.ts'

const now = 1_800_000_000
const importPath = '/api/v1/import/prometheus'

async function findingsOf(
  options: GatewayOptions,
  prometheusUrl?: string,
  heartbeatSeconds = 300,
): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for await (const finding of checkImport({ options, heartbeatSeconds, prometheusUrl, now })) {
    findings.push(finding)
  }
  return findings
}

/** A store whose newest push is `age` seconds old, and which shows a series for `lookBack` seconds after its last sample. */
function storeWith(age: number | undefined, lookBack: number, labelNames: readonly string[] = []) {
  return ({ path, parameters }: Asked) => {
    if (path === '/api/v1/labels') return { data: labelNames }
    if (path !== '/api/v1/query') return undefined
    const query = parameters.get('query') ?? ''
    const at = age === undefined ? undefined : now - age
    if (/^max\(t?last_over_time/.test(query)) return vector(at)
    if (query.startsWith('max('))
      return vector(Number(parameters.get('time')) - (at ?? 0) < lookBack ? 1 : undefined)
    if (query.includes('first_seen')) return vector(2)
    return query.startsWith('count(last_over_time({__name__=~"kopia_') ? vector(90) : undefined
  }
}

test('a store with a recent push is fine, and is asked for exactly the labels of the agent', async (context) => {
  const store = await startAnsweringStore(context, storeWith(120, 900, ['job', 'instance', 'path', 'site']))
  assert.deepEqual(await findingsOf(importOptions(store.url + importPath)), [
    {
      result: 'ok',
      subject: 'gateway',
      found: '{job="kopia", instance="vm"}: 90 series of 2 sources, last pushed 2 min ago',
    },
  ])
  const queries = store.asked.filter(({ path }) => path === '/api/v1/query')
  for (const { parameters } of queries) {
    assert.match(parameters.get('query') ?? '', /job="kopia", instance="vm", site=""/)
    assert.equal(parameters.get('nocache'), '1')
  }
})

test('a store that looks back for less than two heartbeats is warned of', async (context) => {
  const store = await startAnsweringStore(context, storeWith(10, 300))
  const [found, lookBack] = await findingsOf(importOptions(store.url + importPath))
  assert.equal(found?.result, 'ok')
  assert.ok(lookBack?.result === 'warning')
  assert.match(lookBack.found, /no longer shows a series 10 min after its last push/)
  assert.match(lookBack.advice, /-search\.minStalenessInterval=15m$/)
})

test('heartbeats that are rarer than the alerts look back are a failure', async (context) => {
  const store = await startAnsweringStore(context, storeWith(10, 7200))
  const [heartbeat, ...others] = await findingsOf(importOptions(store.url + importPath), undefined, 1800)
  assert.ok(heartbeat?.result === 'failure')
  assert.match(heartbeat.found, /pushes every 30 min, and the alerts look back 15 min/)
  assert.deepEqual(
    others.map(({ result }) => result),
    ['ok'],
  )
})

test('an old push and a missing one are warnings, with the words of a gateway', async (context) => {
  const old = await startAnsweringStore(context, storeWith(7200, 900))
  assert.deepEqual(await findingsOf(importOptions(old.url + importPath)), [
    {
      result: 'warning',
      subject: 'gateway',
      found: '{job="kopia", instance="vm"}: last pushed 2 h ago',
      advice: 'start the agent, or run "forget" if this machine is retired',
    },
  ])
  const empty = await startAnsweringStore(context, storeWith(undefined, 900, ['site']))
  const url = empty.url + importPath
  assert.deepEqual(await findingsOf(importOptions(url)), [
    {
      result: 'warning',
      subject: 'gateway',
      found: `${url} holds no series {job="kopia", instance="vm"}, only such with further labels (site)`,
      advice: 'start the agent, or push once',
    },
  ])
})

test('a store that is away, refuses the login or answers something else is a failure', async (context) => {
  const away = await findingsOf(importOptions(`http://127.0.0.1:1${importPath}`))
  assert.equal(away[0]?.result, 'failure')
  for (const [answer, reason] of [
    [401, /it answered 401/],
    [{ data: 'no list' }, /its answer is not that of a Prometheus API: expected a list/],
  ] as const) {
    const store = await startAnsweringStore(context, () => answer)
    const [finding] = await findingsOf(importOptions(store.url + importPath))
    assert.equal(finding?.result, 'failure')
    assert.match(finding?.found ?? '', reason)
  }
})

test('a vmagent, which answers no queries, is sent a push without metrics', async (context) => {
  const agent = await startAnsweringStore(context, ({ path }) =>
    path.startsWith(importPath) ? 200 : undefined,
  )
  const options = importOptions(agent.url + importPath)
  const [finding] = await findingsOf(options)
  assert.ok(finding?.result === 'warning')
  assert.match(
    finding.found,
    /takes pushes; what the store has of them is not checked \(no queries are answered beside it/,
  )
  assert.match(finding.advice, /^set prometheus_url/)
  const last = agent.asked.at(-1)
  assert.deepEqual([last?.method, last?.path], ['POST', `${importPath}/metrics/job/kopia/instance/vm`])
  assert.equal((await findingsOf(options, 'http://vm:8428'))[0]?.result, 'ok')
  const refusing = await startAnsweringStore(context, ({ path }) =>
    path.startsWith(importPath) ? 401 : undefined,
  )
  const [refused] = await findingsOf(importOptions(refusing.url + importPath))
  assert.equal(refused?.result, 'failure')
  assert.match(refused?.found ?? '', /it answered 401.*set pushgateway_username/)
})

test('a cluster without the prometheus_url of its tenant is not asked, and the reason is told', async (context) => {
  const cluster = await startAnsweringStore(context, ({ path }) =>
    path.startsWith('/insert/0/') ? 204 : undefined,
  )
  const [finding] = await findingsOf(importOptions(`${cluster.url}/insert/0/prometheus${importPath}`))
  assert.equal(finding?.result, 'warning')
  assert.match(
    finding?.found ?? '',
    /expected a prometheus_url such as http:\/\/vmselect:8481\/select\/0\/prometheus, found none/,
  )
  assert.deepEqual(
    cluster.asked.map(({ method }) => method),
    ['POST'],
  )
})

test('the login goes to the origin of pushgateway_url, and to no other', async (context) => {
  const login = { kind: 'bearer', token: 'secret' } as const
  const answer = storeWith(10, 900)
  const select = await startAnsweringStore(context, (asked) =>
    answer({ ...asked, path: asked.path.replace('/select/0/prometheus', '') }),
  )
  const insertUrl = `http://127.0.0.1:1/insert/0/prometheus${importPath}`
  const [other] = await findingsOf(importOptions(insertUrl, `${select.url}/select/0/prometheus`, login))
  assert.equal(other?.result, 'ok')
  assert.deepEqual(new Set(select.asked.map(({ authorization }) => authorization)), new Set([undefined]))
  const single = await startAnsweringStore(context, answer)
  await findingsOf(importOptions(single.url + importPath, '', login))
  assert.deepEqual(
    new Set(single.asked.map(({ authorization }) => authorization)),
    new Set(['Bearer secret']),
  )
})

test('Prometheus is asked for the last hour of an import, and a missing series has advice of its own', async (context) => {
  const store = await startAnsweringStore(context, () => vector(undefined))
  const finding = await checkPrometheus(store.url, importOptions(`${store.url}${importPath}`))
  assert.ok(finding.result === 'failure')
  assert.match(finding.advice, /^correct prometheus_url/)
  assert.match(
    store.asked[0]?.parameters.get('query') ?? '',
    /^count\(last_over_time\(kopia_agent_build_info\{.*\}\[1h\]\)\)$/,
  )
})
