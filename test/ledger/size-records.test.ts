import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sizeAt, withSizes } from '../../agent/ledger/size-records.ts'
import { createSources } from '../../agent/ledger/sources.ts'
import { day, hour, now, sourceOf } from '../report/made-report.ts'
import { askedAt, makeSnapshot } from '../support/snapshots.ts'

const source = sourceOf('/a')
const snapshotAt = (endedAt: number, sizeBytes: number) =>
  makeSnapshot({ id: `${endedAt}`, source, startedAt: endedAt - 60, endedAt, sizeBytes, files: 1 })

test('the last size of each day is kept, for a month and the day before', () => {
  const hourly = Array.from({ length: 24 * 50 }, (_, index) =>
    snapshotAt(now - (24 * 50 - 1 - index) * hour, index),
  )
  const sizes = withSizes(undefined, hourly)
  assert.equal(sizes.length / 2, 33)
  assert.deepEqual(sizes.slice(-2), [now, 24 * 50 - 1])
})

test('the size at a time is the last one before it, else the first one', () => {
  const sizes = withSizes(undefined, [snapshotAt(now - 2 * day, 5), snapshotAt(now, 8)])
  assert.deepEqual(sizeAt(sizes, now - day), { bytes: 5, since: now - 2 * day })
  assert.deepEqual(sizeAt(sizes, now - 9 * day), { bytes: 5, since: now - 2 * day })
  assert.deepEqual(sizeAt(sizes, now), { bytes: 8, since: now })
  assert.equal(sizeAt([], now), undefined)
})

test('an older ledger without sizes takes them from the next answer, though that has nothing new', () => {
  const sources = createSources({}, { begunAt: () => now - 9 * day, isCounted: () => true })
  const snapshots = [snapshotAt(now - 2 * day, 5), snapshotAt(now, 8)]
  sources.addSnapshots(source, snapshots, askedAt(now))
  const [state] = sources.states.values()
  assert.ok(state?.history)
  const { sizes: _, ...older } = state.history
  const again = createSources(
    { 'root@nas:/a': { ...state, history: older } },
    { begunAt: () => now, isCounted: () => true },
  )
  again.addSnapshots(source, snapshots, askedAt(now + 60))
  assert.deepEqual(again.states.get('root@nas:/a')?.history?.sizes, [now - 2 * day, 5, now, 8])
})
