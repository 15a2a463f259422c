import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSnapshots } from '../../agent/kopia/snapshots.ts'

/** An entry as Kopia 0.23.1 wrote it, shortened. */
const entry = {
  id: 'acd9',
  source: { host: 'vm', userName: 'root', path: '/data' },
  startTime: '2026-11-24T12:50:53.438153877Z',
  endTime: '2026-11-24T12:50:54.438153877Z',
  stats: { totalSize: 3, errorCount: 1, ignoredErrorCount: 2 },
  rootEntry: { summ: { size: 7, files: 1 } },
  retentionReason: ['latest-1', 'daily-1'],
  pins: ['keep'],
}

test('an entry becomes a snapshot', () => {
  const [snapshot] = parseSnapshots([entry])
  assert.equal(snapshot?.source.user, 'root')
  assert.equal((snapshot?.endedAt ?? 0) - (snapshot?.startedAt ?? 0), 1)
  assert.deepEqual([snapshot?.sizeBytes, snapshot?.fatalErrors, snapshot?.ignoredErrors], [7, 1, 2])
  assert.deepEqual(
    [snapshot?.retentionReasons, snapshot?.pins, snapshot?.incomplete],
    [['latest-1', 'daily-1'], ['keep'], undefined],
  )
})

test('an answer of another shape is refused, and says where', () => {
  assert.throws(() => parseSnapshots({}), /expected a list of snapshots/)
  assert.throws(() => parseSnapshots([entry, { ...entry, id: 5 }]), /expected a text as id of snapshot 1/)
  assert.throws(
    () => parseSnapshots([{ ...entry, source: null }]),
    /expected an object as source of snapshot 0/,
  )
  assert.throws(
    () => parseSnapshots([{ ...entry, startTime: 'soon' }]),
    /expected a time as startTime of snapshot 0/,
  )
})
