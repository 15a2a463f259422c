import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSnapshotReader, type Snapshot } from '../../../agent/kopia/cli/snapshots.ts'

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

function read(answer: string): readonly Snapshot[] {
  const reader = createSnapshotReader()
  for (const line of answer.split('\n')) reader.addLine(line)
  return reader.end()
}

/** As Kopia lays a list out: each entry on a line of its own. */
function laidOut(...entries: readonly unknown[]): string {
  return `[\n ${entries.map((each) => JSON.stringify(each)).join(',\n ')}\n]`
}

test('an entry becomes a snapshot', () => {
  const [snapshot] = read(laidOut(entry))
  assert.equal(snapshot?.source.user, 'root')
  assert.equal((snapshot?.endedAt ?? 0) - (snapshot?.startedAt ?? 0), 1)
  assert.deepEqual([snapshot?.sizeBytes, snapshot?.fatalErrors, snapshot?.ignoredErrors], [7, 1, 2])
  assert.deepEqual(
    [snapshot?.retentionReasons, snapshot?.pins, snapshot?.incomplete],
    [['latest-1', 'daily-1'], ['keep'], undefined],
  )
})

test('a list is read however it is laid out, and what its entries share is kept once', () => {
  const other = { ...entry, id: 'beef' }
  for (const answer of [
    laidOut(entry, other),
    JSON.stringify([entry, other]),
    `${laidOut(entry, other)}\n`,
  ]) {
    const [one, two] = read(answer)
    assert.deepEqual([one?.id, two?.id], ['acd9', 'beef'])
    assert.equal(one?.source, two?.source)
    assert.equal(one?.retentionReasons, two?.retentionReasons)
  }
  assert.deepEqual([read('[\n]'), read('[]'), read('[\n\n]\n')], [[], [], []])
})

test('an answer of another shape is refused, and says where', () => {
  assert.throws(() => read('{}'), /expected a list of snapshots, found "\{\}"/)
  assert.throws(() => read(''), /expected a list of snapshots to its end/)
  assert.throws(
    () => read(`${laidOut(entry)}\n${laidOut(entry)}`),
    /expected a list of snapshots, found "\["/,
  )
  assert.throws(() => read(laidOut(entry).slice(0, -2)), /expected a list of snapshots to its end/)
  assert.throws(() => read(laidOut(entry).slice(0, -9)), /expected JSON, found "\{/)
  assert.throws(() => read(laidOut(entry, { ...entry, id: 5 })), /expected a text as id of snapshot 1/)
  assert.throws(() => read(laidOut({ ...entry, source: null })), /expected an object as source of snapshot 0/)
  assert.throws(
    () => read(laidOut({ ...entry, startTime: 'soon' })),
    /expected a time as startTime of snapshot 0/,
  )
})
