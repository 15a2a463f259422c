import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FinishedAttempt } from '../../agent/kopia/runs/finished-attempt.ts'
import { createSources } from '../../agent/ledger/sources.ts'
import { askedAt, makeSnapshot } from '../support/snapshots.ts'

const source = { user: 'root', host: 'vm', path: '/data' }
const name = 'root@vm:/data'
const failed: FinishedAttempt = {
  source,
  outcome: 'failed',
  startedAt: 90,
  endedAt: 100,
  durationSeconds: 10,
  errors: { fatal: 0, ignored: 0 },
}
const snapshotAt = (startedAt: number) =>
  makeSnapshot({ source, id: `${startedAt}`, startedAt, endedAt: startedAt + 2 })
const create = () => createSources({}, { begunAt: () => 9, isCounted: () => true })

test('the snapshots that no attempt explained are returned once', () => {
  const sources = create()
  const add = (at: number, ...starts: readonly number[]) =>
    sources.addSnapshots(source, starts.map(snapshotAt), askedAt(at)).map(({ id }) => id)
  assert.deepEqual(add(10, 1, 5), [], 'the past of a new source is no news')
  assert.deepEqual(add(300, 1, 5, 200, 250), ['200', '250'])
  assert.deepEqual(add(310, 1, 5, 200, 250), [])
  assert.deepEqual(add(309, 1, 5, 200, 250, 301), [], 'an answer to an earlier question')
  assert.deepEqual(sources.states.get(name)?.attempts, { success: 2, failed: 0, incomplete: 0 })
})

test('a fact is noted of a known source, and makes no source known', () => {
  const sources = create()
  sources.note(source, { backedUpAs: 'root@vm' })
  assert.equal(sources.states.size, 0)
  sources.addSource(source, 5)
  sources.note(source, { backedUpAs: 'root@vm' })
  sources.note(source, { unproven: { since: 9, reason: 'nothing proves it' } })
  const state = sources.states.get(name)
  assert.deepEqual([state?.backedUpAs, state?.unproven?.since, state?.firstSeenAt], ['root@vm', 9, 5])
  sources.addFinished(failed, 100)
  const settled = sources.states.get(name)
  assert.deepEqual([settled?.backedUpAs, settled?.unproven], ['root@vm', undefined])
})

test('a source that is added again keeps its counters', () => {
  const sources = create()
  sources.addFinished(failed, 100)
  sources.addSource(source, 200)
  assert.equal(sources.states.get(name)?.attempts.failed, 1)
})

test('a removed source is forgotten with its answers', () => {
  const sources = create()
  sources.addSnapshots(source, [snapshotAt(1)], askedAt(50))
  assert.equal(sources.wasAskedSince(source, askedAt(40)), true)
  sources.removeSource(source)
  assert.deepEqual([sources.states.size, sources.wasAskedSince(source, askedAt(40))], [0, false])
})

test('a snapshot that was made while Kopia answered is news, also of a new source', () => {
  const sources = create()
  const found = sources.addSnapshots(source, [snapshotAt(21)], { number: 1, askedAt: 20, answeredAt: 25 })
  assert.deepEqual([found.length, sources.states.get('root@vm:/data')?.attempts.success], [1, 1])
})
