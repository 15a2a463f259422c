import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createImport } from '../../agent/push/import.ts'
import { importOptions, startAnsweringStore } from '../support/answering-store.ts'

async function* textOf(series: number): AsyncGenerator<string> {
  yield Array.from({ length: series }, (_, index) => `a{path="/${index}"} 1\n`).join('')
}

test('many series are ended by several requests, and those that were not taken again', async (context) => {
  const statuses = [204, 503]
  const store = await startAnsweringStore(context, ({ path }) =>
    path === '/api/v1/write' ? (statuses.shift() ?? 204) : 204,
  )
  const faults: string[] = []
  const send = createImport({
    gateway: importOptions(`${store.url}/api/v1/import/prometheus`),
    nowSeconds: () => 1_800_000_000,
    guard: (endSeries) => endSeries().catch((error) => void faults.push(String(error))),
  })
  const markerRequests = async (series: number) => {
    const before = store.asked.length
    assert.deepEqual(await send(textOf(series), 'text/plain', AbortSignal.timeout(10_000)), { ok: true })
    return store.asked.slice(before).filter(({ path }) => path === '/api/v1/write').length
  }
  assert.equal(await markerRequests(5000), 0)
  // The first 2000 are ended, the second request is refused, the third is not made.
  assert.equal(await markerRequests(0), 2)
  assert.equal(faults.length, 1)
  assert.equal(await markerRequests(0), 2)
  assert.equal(await markerRequests(0), 0)
})
