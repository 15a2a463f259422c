import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HookCall, Run } from '../../agent/kopia/runs/run.ts'
import {
  currentItems,
  isStillPending,
  pendingAttempts,
  pendingRuns,
  runningAttempts,
  unsettledAttempts,
} from '../../agent/reconcile/pending.ts'
import { begin, data, endedRun, goodLog, line, mail, openRun } from '../support/reconciling.ts'

const server = openRun([line.startingUpload(0), line.createdByServer(2, 'i1'), line.finished(2)], {
  command: 'server-start',
})
const runsOf = (runs: Readonly<Record<string, Run>>) => new Map(Object.entries(runs))
const always = () => true

test('ended runs are settled in the order in which they ended', () => {
  const runs = runsOf({ late: endedRun(9, goodLog), open: openRun(goodLog), early: endedRun(3, goodLog) })
  assert.deepEqual(
    pendingRuns(runs).map(({ runId }) => runId),
    ['early', 'late'],
  )
})

test('what a server has finished is asked about at once and once its flush must be over', () => {
  const keys = (seconds: number) =>
    pendingAttempts(runsOf({ one: server }), data, begin + seconds).map(({ key }) => key.split(' ')[2])
  assert.deepEqual(
    [keys(2), keys(2.9), keys(3), keys(9000)],
    [['finished'], ['finished'], ['flushed'], ['flushed']],
  )
})

test('what only hooks report is asked about twice, and needs an identity', () => {
  const call: HookCall = {
    action: 'after',
    phase: 'call',
    callId: 'a',
    path: '/data',
    processId: 1,
    at: begin,
  }
  const runs = runsOf({ one: openRun([], { readBytes: {}, hookCalls: [call] }) })
  const keys = (seconds: number, identity: typeof data | undefined = data) =>
    pendingAttempts(runs, identity, begin + seconds).map(({ key }) => key.split(' ')[2])
  assert.deepEqual([keys(0.9), keys(1), keys(14.9), keys(15)], [[], ['first'], ['first'], ['last']])
  assert.deepEqual(pendingAttempts(runs, undefined, begin + 9), [])
})

test('a command that has flushed has finished all its sources, and none before', () => {
  const lines = [
    line.snapshotting(0),
    line.created(2, 'i1'),
    line.snapshotting(2, mail),
    line.created(4, 'i2'),
  ]
  const paths = (...more: readonly string[]) =>
    pendingAttempts(runsOf({ one: openRun([...lines, ...more]) }), data, begin + 9).map(
      ({ attempt }) => attempt.source.path,
    )
  assert.deepEqual(paths(), [])
  assert.deepEqual(paths(line.maintenance(5)), ['/data', '/mail'])
})

test('an item is pending until its run or attempt is settled or has changed', () => {
  const run = endedRun(3, goodLog)
  const [item] = pendingRuns(runsOf({ one: run }))
  assert.ok(item)
  const isPending = (runs: Readonly<Record<string, Run>>) =>
    isStillPending(item, runsOf(runs), data, begin + 9)
  assert.deepEqual(
    [isPending({ one: run }), isPending({ one: { ...run } }), isPending({})],
    [true, false, false],
  )
  const [attempt] = pendingAttempts(runsOf({ one: server }), data, begin + 9)
  assert.ok(attempt)
  const isAttemptPending = (runs: Readonly<Record<string, Run>>) =>
    isStillPending(attempt, runsOf(runs), data, begin + 9)
  const settled = openRun([line.opened(0)], { command: 'server-start' })
  assert.deepEqual(
    [
      isAttemptPending({ one: { ...server } }),
      isAttemptPending({ one: settled }),
      isAttemptPending({ one: run }),
    ],
    [true, false, false],
  )
})

test('what a run has written since the repository was asked belongs to its item, in any stage', () => {
  const at = (seconds: number, run: Run = server) =>
    pendingAttempts(runsOf({ one: run }), data, begin + seconds)
  const more = openRun(
    [
      line.startingUpload(0),
      line.createdByServer(2, 'i1'),
      line.finished(2),
      line.serverError(2.1, 'snapshot error'),
    ],
    { command: 'server-start' },
  )
  const [current] = currentItems(at(2), at(3, more))
  assert.ok(current?.kind === 'attempt')
  assert.equal(current.attempt.errorAfter, 'snapshot error')
  const late = openRun([line.startingUpload(5, mail), line.finished(6, mail)], { command: 'server-start' })
  assert.deepEqual(currentItems(at(2), at(9, late)), [])
})

test('runs of other repositories neither run nor keep a source busy', () => {
  const runs = runsOf({ own: openRun([line.snapshotting(0)]), other: openRun([line.snapshotting(0, mail)]) })
  const isOwn = (run: Run) => run === runs.get('own')
  const paths = (attempts: ReturnType<typeof runningAttempts>) => attempts.map(({ source }) => source.path)
  assert.deepEqual(paths(runningAttempts(runs, data, isOwn)), ['/data'])
  assert.deepEqual(paths(unsettledAttempts(runs, data, isOwn)), ['/data'])
  assert.deepEqual(paths(runningAttempts(runs, data, always)), ['/data', '/mail'])
})
