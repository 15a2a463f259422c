import assert from 'node:assert/strict'
import { test } from 'node:test'
import { adviceOnRefusal } from '../../agent/push/advice.ts'
import { deleteUrlOf, isImportUrl, type PushTarget, storeOfImport } from '../../agent/push/target.ts'

const path = '/api/v1/import/prometheus'

test('the path of a URL alone says whether it is an import', () => {
  const imports = [
    `http://vm:8428${path}`,
    `http://vm:8428/prometheus${path}/`,
    `https://vmauth/team${path}`,
    `http://vminsert:8480/insert/0/prometheus${path}`,
    `http://vmagent:8429/insert/multitenant/prometheus${path}`,
  ]
  const others = [
    'http://127.0.0.1:9091',
    'http://gateway:9091/pushgateway/',
    'http://vm:8428/api/v1/import',
    `http://gateway:9091/?to=${path}`,
    `http://vm:8428${path}/metrics/job/kopia`,
  ]
  assert.deepEqual(imports.map(isImportUrl), [true, true, true, true, true])
  assert.deepEqual(others.map(isImportUrl), [false, false, false, false, false])
})

test('a single node is asked beside its import', () => {
  assert.deepEqual(storeOfImport(`http://vm:8428/prefix${path}/`, 'http://elsewhere:9090'), {
    kind: 'known',
    queryUrl: 'http://vm:8428/prefix',
  })
})

test('a cluster is asked at the vmselect of prometheus_url, if that is of the same tenant', () => {
  const url = `http://vminsert:8480/insert/7/prometheus${path}`
  const queryUrl = 'http://vmselect:8481/select/7/prometheus'
  assert.deepEqual(storeOfImport(url, `${queryUrl}/`), { kind: 'known', queryUrl })
  assert.deepEqual(storeOfImport(url.replace('/7/', '/7:0/'), queryUrl), { kind: 'known', queryUrl })
  for (const other of [
    '',
    'http://prometheus:9090',
    'http://vmselect:8481/select/8/prometheus',
    'http://vmselect:8481/select/7:1/prometheus',
  ]) {
    const store = storeOfImport(url, other)
    assert.deepEqual(store, {
      kind: 'unknown',
      reason: `expected a prometheus_url such as ${queryUrl}, found ${other || 'none'}`,
      placeholderUrl: 'http://VMSELECT:8481/select/7/prometheus',
    })
  }
})

test('a path of its own, which the settings call an import, says nothing about the store', () => {
  const { kind } = storeOfImport('https://vmauth/push', 'http://vm:8428')
  assert.equal(kind, 'unknown')
})

test('series are deleted beside the queries of a single node, and under /delete/ of a cluster', () => {
  assert.deepEqual(
    ['http://vm:8428/', 'https://h/vm/prometheus', 'http://s:8481/select/7:1/prometheus'].map(deleteUrlOf),
    [
      'http://vm:8428/api/v1/admin/tsdb/delete_series',
      'https://h/vm/prometheus/api/v1/admin/tsdb/delete_series',
      'http://s:8481/delete/7:1/prometheus/api/v1/admin/tsdb/delete_series',
    ],
  )
})

const gateway: PushTarget = { kind: 'pushgateway' }
const ofImport: PushTarget = { kind: 'prometheus-import', store: { kind: 'known', queryUrl: 'http://vm' } }

function advice(target: PushTarget, status: number | undefined, reason: string, login: Login = 'none') {
  return adviceOnRefusal({ target, credentials: { kind: login } }, { status, reason })
}
type Login = 'none' | 'basic' | 'bearer'

test('a refused push to an import says what to set', () => {
  const unsupported = 'it answered 400: unsupported path requested: "/nowhere/metrics/job/kopia"'
  const missing = 'it answered 400: missing route for "http://vmauth/nowhere"'
  for (const [status, reason] of [
    [400, unsupported],
    [400, missing],
    [404, 'it answered 404: '],
  ] as const) {
    assert.match(
      advice(ofImport, status, reason),
      /^ \(expected a pushgateway_url such as http:.*insert\/0\/prometheus/,
    )
  }
  assert.match(advice(ofImport, 401, 'it answered 401: '), /found none: set pushgateway_username/)
  assert.match(advice(ofImport, 403, 'it answered 403: ', 'basic'), /another user name or password/)
  assert.match(advice(ofImport, 401, 'it answered 401: ', 'bearer'), /pushgateway_bearer_token_file/)
  for (const [status, reason] of [
    [400, 'it answered 400: cannot decode gzip'],
    [503, 'it answered 503: no storage nodes'],
    [undefined, 'connect ECONNREFUSED'],
  ] as const) {
    assert.equal(advice(ofImport, status, reason), '')
  }
})

test('a gateway that answers like VictoriaMetrics is told apart, and no other refusal is', () => {
  const reason = 'it answered 400: unsupported path requested: "/metrics/job/kopia"'
  assert.match(advice(gateway, 400, reason), /no Pushgateway answers so; for VictoriaMetrics expected/)
  assert.equal(advice(gateway, 400, 'it answered 400: text format parsing error in line 1'), '')
  assert.equal(advice(gateway, 404, 'it answered 404: '), '')
  assert.equal(advice(gateway, 401, 'it answered 401: '), '')
})
