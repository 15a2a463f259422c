import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSnapshotReader, type Snapshot } from '../../../agent/kopia/cli/snapshots.ts'

/** An entry of Kopia 0.23.1, shortened. */
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

function read(output: string): readonly Snapshot[] {
  const reader = createSnapshotReader()
  for (const line of output.split('\n')) reader.addLine(line)
  return reader.end()
}

/** A list as Kopia formats it: each entry on a line of its own. */
function listOf(...entries: readonly unknown[]): string {
  return `[\n ${entries.map((each) => JSON.stringify(each)).join(',\n ')}\n]`
}

test('an entry becomes a snapshot', () => {
  const [snapshot] = read(listOf(entry))
  assert.equal(snapshot?.source.user, 'root')
  assert.equal((snapshot?.endedAt ?? 0) - (snapshot?.startedAt ?? 0), 1)
  assert.deepEqual([snapshot?.sizeBytes, snapshot?.fatalErrors, snapshot?.ignoredErrors], [7, 1, 2])
  assert.deepEqual(
    [snapshot?.retentionReasons, snapshot?.pins, snapshot?.incomplete],
    [['latest-1', 'daily-1'], ['keep'], undefined],
  )
})

test('the first unreadable files are kept, where some made the snapshot fail', () => {
  const errors = ['a', 'b', 'c', 'd'].map((path) => ({
    path,
    error: `open /data/${path}: permission denied`,
  }))
  const withErrors = (errorCount: number, list: unknown) => ({
    ...entry,
    stats: { errorCount, ignoredErrorCount: 4 },
    rootEntry: { summ: { errors: list } },
  })
  const [failed, again, ignored] = read(
    listOf(withErrors(4, errors), withErrors(4, errors), withErrors(0, errors)),
  )
  assert.deepEqual(failed?.errors, errors.slice(0, 3))
  assert.equal(failed?.errors, again?.errors)
  assert.equal(ignored?.errors, undefined)
  const odd = read(listOf(withErrors(1, [null, 5, { path: 'x' }, { path: 'y', error: 'bad' }])))
  assert.deepEqual(odd[0]?.errors, [{ path: 'y', error: 'bad' }])
  assert.deepEqual(read(listOf(withErrors(1, 'many')))[0]?.errors, [])
})

test('a list is read in any format, and equal values of its entries are stored once', () => {
  const other = { ...entry, id: 'beef' }
  for (const output of [listOf(entry, other), JSON.stringify([entry, other]), `${listOf(entry, other)}\n`]) {
    const [one, two] = read(output)
    assert.deepEqual([one?.id, two?.id], ['acd9', 'beef'])
    assert.equal(one?.source, two?.source)
    assert.equal(one?.retentionReasons, two?.retentionReasons)
  }
  assert.deepEqual([read('[\n]'), read('[]'), read('[\n\n]\n')], [[], [], []])
})

test('an unexpected value is an error that names it', () => {
  assert.throws(() => read('{}'), /expected a list of snapshots, found "\{\}"/)
  assert.throws(() => read(''), /expected a list of snapshots to its end/)
  assert.throws(() => read(`${listOf(entry)}\n${listOf(entry)}`), /expected a list of snapshots, found "\["/)
  assert.throws(() => read(listOf(entry).slice(0, -2)), /expected a list of snapshots to its end/)
  assert.throws(() => read(listOf(entry).slice(0, -9)), /expected JSON, found "\{/)
  assert.throws(() => read(listOf(entry, { ...entry, id: 5 })), /expected a text as id of snapshot 1/)
  assert.throws(() => read(listOf({ ...entry, source: null })), /expected an object as source of snapshot 0/)
  assert.throws(
    () => read(listOf({ ...entry, startTime: 'soon' })),
    /expected a time as startTime of snapshot 0/,
  )
})
