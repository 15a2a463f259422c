// What the lines of a log prove of a run, in the order in which Kopia writes them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRecord } from '../../../agent/kopia/log/record.ts'
import { addRecord } from '../../../agent/kopia/runs/add-record.ts'
import { type Attempt, noEvidence, type RunEvidence } from '../../../agent/kopia/runs/evidence.ts'

const start = Date.parse('2026-11-24T12:00:00Z') / 1000

/** Each line with the second in which it is written. */
type Line = readonly [second: number, text: string]

function runOf(...lines: readonly Line[]): RunEvidence {
  return lines.reduce((run, [second, text]) => {
    const record = parseRecord(`${new Date((start + second) * 1000).toISOString()} ${text}`)
    assert.ok(record, text)
    return addRecord(run, record)
  }, noEvidence)
}

const nameOf = (path: string) => `root@vm:${path}`
const queue = (path: string) => `DEBUG kopia/server snapshotting\t{"source":"${nameOf(path)}"}`
const wait = (path: string) =>
  `DEBUG kopia/server waiting on for parallel snapshot upload slot to be available ${nameOf(path)}`
const begin = (path: string) => `DEBUG kopia/server starting upload of ${nameOf(path)}`
const finish = (path: string) => `DEBUG kopia/server finished uploading ${nameOf(path)}`
const createdByServer = (id: string) => `DEBUG kopia/server created snapshot ${id}`
const identicalByServer =
  'DEBUG kopia/server Not saving snapshot because no files have been changed since previous snapshot'
const serverError = 'ERROR kopia/server snapshot error: snapshot task: error flushing writer: no such file'

const command = (path: string) => `INFO kopia/cli Snapshotting ${nameOf(path)} ...`
const uploading = (path: string) => `DEBUG uploader uploading\t{"source":"${nameOf(path)}"}`
const created = (id: string) => `INFO kopia/cli Created snapshot with root k4 and ID ${id} in 1s`
const flushError = 'ERROR kopia/cli flush error: unable to write session marker'
const due = 'DEBUG maintenance due for full maintenance cycle'
const lock = 'DEBUG maintenance Acquiring maintenance lock in file /etc/kopia/nas.config.mlock'
const open = 'DEBUG kopia/repo [STORAGE] ListBlobs\t{"prefix":"xn0_"}'
const close = 'DEBUG kopia/repo [STORAGE] Close\t{"error":null}'

type Told = readonly [path: string, facts: Partial<Omit<Attempt, 'source' | 'origin'>>]

/** The attempts, with their times in seconds after the start of the log. */
function told(run: RunEvidence): readonly Told[] {
  const relative = (at: number | undefined) => (at === undefined ? undefined : at - start)
  return run.attempts.map(({ source, origin: _, ...facts }) => {
    const { startedAt, reportedAt, finishedAt, ...others } = facts
    const times = {
      startedAt: startedAt - start,
      ...(reportedAt !== undefined && { reportedAt: relative(reportedAt) }),
      ...(finishedAt !== undefined && { finishedAt: relative(finishedAt) }),
    }
    return [source.path, { ...others, ...times } as Told[1]]
  })
}

const queuedIn = ({ queued = [] }: RunEvidence) => queued.map(({ source }) => source.path)

test('a server that has several sources due begins one after the other, and each result goes to the one under way', () => {
  const run = runOf(
    [0, queue('/a')],
    [0, queue('/b')],
    [0, wait('/b')],
    [0, queue('/c')],
    [0, wait('/c')],
    [0, begin('/a')],
    [8, createdByServer('a1')],
    [8, finish('/a')],
    [8, begin('/b')],
    [16, identicalByServer],
    [16, finish('/b')],
    [16, begin('/c')],
  )
  assert.deepEqual(told(run), [
    [
      '/a',
      { startedAt: 0, reportedResult: { kind: 'created', snapshotId: 'a1' }, reportedAt: 8, finishedAt: 8 },
    ],
    ['/b', { startedAt: 8, reportedResult: { kind: 'identical' }, reportedAt: 16, finishedAt: 16 }],
    ['/c', { startedAt: 16 }],
  ])
  assert.deepEqual(queuedIn(run), [])
})

test('a source that only waits is no attempt, and waits once', () => {
  const run = runOf([0, queue('/a')], [0, wait('/a')], [60, queue('/a')], [60, wait('/a')])
  assert.deepEqual([told(run), queuedIn(run)], [[], ['/a']])
})

test('a source that a server finishes without having begun it is an attempt without a result', () => {
  const error = 'ERROR kopia/server snapshot error: snapshot task: unable to create local filesystem'
  const run = runOf([0, queue('/gone')], [1, finish('/gone')], [1, error])
  assert.deepEqual(told(run), [
    [
      '/gone',
      {
        startedAt: 1,
        finishedAt: 1,
        errorAfter: 'snapshot error: snapshot task: unable to create local filesystem',
      },
    ],
  ])
  assert.deepEqual(queuedIn(run), [])
})

test('a source that is finished while it waits does not end the one under way', () => {
  const run = runOf([0, queue('/a')], [0, begin('/a')], [1, queue('/gone')], [2, finish('/gone')])
  assert.deepEqual(told(run), [
    ['/a', { startedAt: 0 }],
    ['/gone', { startedAt: 2, finishedAt: 2 }],
  ])
})

test('a result while several sources are under way belongs to none of them for certain', () => {
  const run = runOf(
    [0, begin('/a')],
    [0, begin('/b')],
    [5, createdByServer('a1')],
    [5, finish('/a')],
    [9, createdByServer('b1')],
    [9, finish('/b')],
  )
  assert.deepEqual(told(run), [
    ['/a', { startedAt: 0, isAmbiguous: true, finishedAt: 5 }],
    [
      '/b',
      {
        startedAt: 0,
        isAmbiguous: true,
        reportedResult: { kind: 'created', snapshotId: 'b1' },
        reportedAt: 9,
        finishedAt: 9,
      },
    ],
  ])
})

test('an unchanged source among several that are under way is remembered for each of them', () => {
  const run = runOf([0, begin('/a')], [0, begin('/b')], [5, identicalByServer], [5, finish('/b')])
  assert.deepEqual(told(run), [
    ['/a', { startedAt: 0, isAmbiguous: true, mayBeIdentical: true }],
    ['/b', { startedAt: 0, isAmbiguous: true, mayBeIdentical: true, finishedAt: 5 }],
  ])
})

test('the size of an upload among several that are under way belongs to none of them', () => {
  const uploaded = 'DEBUG uploader snapshotted directory\t{"path":".","dur":"5s","errors":2}'
  const several = runOf([0, begin('/a')], [0, begin('/b')], [5, uploaded])
  assert.deepEqual(told(several), [
    ['/a', { startedAt: 0 }],
    ['/b', { startedAt: 0 }],
  ])
  const one = runOf([0, begin('/a')], [5, uploaded])
  assert.deepEqual(told(one), [['/a', { startedAt: 0, uploadSeconds: 5, uploadErrors: 2 }]])
})

test('an error of a server within a second after it has finished a source puts this source in doubt', () => {
  const errorAfter = 'snapshot error: snapshot task: error flushing writer: no such file'
  const doubts = (second: number) =>
    told(
      runOf([0, begin('/a')], [5, createdByServer('a1')], [5, finish('/a')], [second, serverError]),
    )[0]?.[1].errorAfter
  assert.deepEqual([doubts(5.02), doubts(6), doubts(6.1)], [errorAfter, errorAfter, undefined])
})

test('an error of a server does not doubt a source that is still under way', () => {
  const run = runOf([0, begin('/a')], [0, begin('/b')], [5, finish('/a')], [5, serverError])
  assert.deepEqual(
    run.attempts.map(({ errorAfter }) => errorAfter !== undefined),
    [true, false],
  )
  assert.equal(run.serverError?.at, start + 5)
})

test('a flush error of a command comes after the claims and takes none of them back: it makes them unproven', () => {
  const run = runOf(
    [0, open],
    [0, command('/a')],
    [1, created('a1')],
    [2, command('/b')],
    [3, created('b1')],
    [3, close],
    [3, flushError],
  )
  assert.deepEqual(
    run.attempts.map(({ reportedResult }) => reportedResult?.kind),
    ['created', 'created'],
  )
  assert.equal(run.finalError, 'flush error: unable to write session marker')
  assert.equal(run.flushedAt, undefined)
})

test('a command has flushed when its maintenance begins, once', () => {
  const run = runOf([0, command('/a')], [1, created('a1')], [2, due], [3, lock], [900, flushError])
  assert.equal(run.flushedAt, start + 2)
  assert.equal(run.configurationPath, '/etc/kopia/nas.config')
})

test('the maintenance of a server, or of a command without sources, shows no flush', () => {
  const server = runOf([0, begin('/a')], [1, due], [1, lock])
  assert.deepEqual([server.flushedAt, server.configurationPath], [undefined, '/etc/kopia/nas.config'])
  assert.equal(runOf([0, due]).flushedAt, undefined)
})

test('a path forges neither the flush nor the close of the sources before it', () => {
  const forgedBefore = runOf([10, command('/a')], [20, created('a1')], [5, due])
  assert.equal(forgedBefore.flushedAt, undefined)
  const forgedBeforeWork = runOf(
    [0, open],
    [10, command('/a')],
    [20, created('a1')],
    [30, due],
    [30, close],
    [20, command('/b')],
  )
  assert.deepEqual(
    [forgedBeforeWork.flushedAt, forgedBeforeWork.repository, forgedBeforeWork.closedAt],
    [undefined, 'opened', undefined],
  )
})

test('a log without the line that begins a source still tells it by the upload', () => {
  const run = runOf([0, uploading('/a')], [1, created('a1')])
  assert.deepEqual(told(run), [
    ['/a', { startedAt: 0, reportedResult: { kind: 'created', snapshotId: 'a1' }, reportedAt: 1 }],
  ])
})

test('lines without a meaning change nothing, and lines with one are the newest', () => {
  const run = runOf([0, command('/a')])
  const record = parseRecord('2026-11-24T12:00:09.000000Z DEBUG kopia/repo [STORAGE] PutBlob')
  assert.ok(record)
  assert.equal(addRecord(run, record), run)
  assert.equal(run.newestRecordAt, start)
})
