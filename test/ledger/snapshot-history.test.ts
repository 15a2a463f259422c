import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FinishedAttempt } from '../../agent/kopia/runs/finished-attempt.ts'
import { knownBefore, pastOf, pastSuccessOf, unknownSnapshots } from '../../agent/ledger/snapshot-history.ts'
import { makeSnapshot } from '../support/snapshots.ts'

const source = { user: 'root', host: 'vm', path: '/data' }
const snapshotAt = (startedAt: number, change = {}) =>
  makeSnapshot({ source, id: `${startedAt}`, startedAt, endedAt: startedAt + 2, ...change })
const lastAttempt: FinishedAttempt = {
  source,
  outcome: 'success',
  startedAt: 98,
  endedAt: 100,
  durationSeconds: 2,
  errors: { fatal: 0, ignored: 0 },
  snapshotId: '98',
}
const ids = (snapshots: readonly { readonly id: string }[]) => snapshots.map(({ id }) => id)

test('unknown are the snapshots after the last attempt, but no checkpoint and none of the future', () => {
  const held = [
    snapshotAt(98),
    snapshotAt(100),
    snapshotAt(101),
    snapshotAt(150, { incomplete: 'checkpoint' }),
    snapshotAt(160, { incomplete: 'canceled' }),
    snapshotAt(201),
  ]
  assert.deepEqual(ids(unknownSnapshots({ lastAttempt }, held, 200, 0)), ['101', '160'])
  assert.deepEqual(
    ids(unknownSnapshots({}, held, 200, 155)),
    ['160'],
    'of a new source, those since the agent runs',
  )
})

test('the snapshot of the last attempt is known, even if its clock is ahead', () => {
  assert.deepEqual(unknownSnapshots({ lastAttempt }, [{ ...snapshotAt(150), id: '98' }], 200, 0), [])
})

test('the past of a source without attempts is its newest snapshot, and its newest good one', () => {
  const past = pastOf([
    snapshotAt(10),
    snapshotAt(20, { fatalErrors: 1 }),
    snapshotAt(30, { incomplete: 'checkpoint' }),
  ])
  assert.deepEqual([past.lastAttempt?.outcome, past.lastFailureAt], ['failed', 22])
  assert.deepEqual([past.lastSuccessAt, past.consecutiveFailures], [12, 1])
  assert.deepEqual(pastOf([]), {})
})

test('a success from before the first watched attempt is one that made a complete snapshot without fatal errors', () => {
  const held = [
    snapshotAt(10),
    snapshotAt(20, { fatalErrors: 1 }),
    snapshotAt(30, { incomplete: 'canceled' }),
  ]
  assert.deepEqual(pastSuccessOf({ lastAttempt }, [...held, snapshotAt(150)]), {
    lastSuccessAt: 12,
    lastSuccessStartedAt: 10,
  })
  assert.deepEqual(pastSuccessOf({ lastAttempt, lastSuccessAt: 5 }, held), {})
  assert.deepEqual(ids(knownBefore({ lastAttempt }, [...held, snapshotAt(150)])), ['10', '20', '30'])
})
