import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLedger, emptyLedger } from '../../agent/ledger/ledger.ts'
import { createCommandEntries } from '../../agent/reconcile/command-entries.ts'
import { createLogRecorder } from '../support/log-recorder.ts'
import { begin, endedRun, failedBefore, goodLog, line, lostAtFlush, openRun } from '../support/reconciling.ts'

function createSetup() {
  const ledger = createLedger({ ...emptyLedger, begunAt: 1 })
  const log = createLogRecorder()
  const entries = createCommandEntries({ ledger, nowSeconds: () => Number.POSITIVE_INFINITY, log })
  const result = (command = 'snapshot create') => {
    const state = ledger.commands.get(command)
    return state && [state.result, state.reason]
  }
  return { ledger, log, entries, result }
}

const server = (endedAt: number, ...lines: readonly string[]) =>
  endedRun(endedAt, lines, { command: 'server-start' })

test('a failure that the log shows is entered before the attempts are known, once', () => {
  const { entries, log, result } = createSetup()
  const run = endedRun(5, lostAtFlush)
  assert.equal(entries.enterFailure('one', run), true)
  assert.equal(entries.enterFailure('one', run), false)
  const reason = 'Kopia ended with: flush error: mkdir /backup: no such file or directory'
  assert.deepEqual(result(), ['failed', reason])
  entries.enterEnd('one', run, [{ ...failedBefore, outcome: 'success' }])
  assert.deepEqual(
    [result(), log.lines('warn')],
    [['failed', reason], [`kopia snapshot create (one) failed: ${reason}`]],
  )
})

test('a command succeeds if its log shows no failure and each attempt made a complete backup', () => {
  const { entries, result, ledger } = createSetup()
  const run = endedRun(3, goodLog)
  assert.equal(entries.enterFailure('one', run), false)
  entries.enterEnd('one', run, [{ ...failedBefore, reason: 'the disk is full' }])
  assert.deepEqual(result(), ['failed', 'the disk is full'])
  entries.enterEnd('two', run, [{ ...failedBefore, outcome: 'success' }])
  assert.deepEqual(result(), ['success', undefined])
  assert.equal(ledger.commands.get('snapshot create')?.lastSuccessAt, begin + 3)
})

test('a command that ends well without lines of the storage succeeds: clients of a server write none', () => {
  const { entries, result } = createSetup()
  entries.enterEnd('one', endedRun(3, [line.snapshotting(0), line.created(2, 'i1')]), [])
  assert.deepEqual(result(), ['success', undefined])
})

test('a killed command says where its log stops, and whether its process could be seen', () => {
  const { entries, result } = createSetup()
  const killed = endedRun(9, [line.opened(0), line.snapshotting(1)])
  entries.enterFailure('one', killed)
  assert.match(result()?.[1] ?? '', /^its log stops at 11:36:48 UTC: the process was killed/)
  entries.enterFailure('two', { ...killed, isSilent: true })
  assert.match(result()?.[1] ?? '', /^its log stops at 11:36:48 UTC, and the agent cannot see/)
})

test('a command whose attempt failed before maintenance was not killed', () => {
  const { entries, result } = createSetup()
  entries.enterFailure('one', endedRun(60, [line.opened(0), line.closed(60)], { hasFailedAttempt: true }))
  assert.deepEqual(result(), ['failed', 'an attempt made no complete backup'])
})

test('a server fails by a final error or a kill, and not by its attempts', () => {
  const { entries, result } = createSetup()
  const stopped = server(60, line.opened(0), line.closed(60))
  assert.equal(entries.enterFailure('one', { ...stopped, hasFailedAttempt: true }), false)
  entries.enterEnd('one', { ...stopped, hasFailedAttempt: true }, [failedBefore])
  assert.deepEqual(result('server start'), ['success', undefined])
  entries.enterFailure('two', server(61, line.error(61, 'unable to open repository')))
  assert.deepEqual(result('server start'), ['failed', 'Kopia ended with: unable to open repository'])
  entries.enterFailure('three', server(69, line.opened(62)))
  assert.match(result('server start')?.[1] ?? '', /its log stops at 11:37:49 UTC/)
})

test('a server works once it has opened its repository, as far as it is ours', () => {
  const { entries, result } = createSetup()
  const working = openRun([line.opened(1)], { command: 'server-start' })
  const enter = (run: typeof working, isOurs = true) =>
    entries.enterRunningServers(new Map([['one', run]]), () => isOurs)
  assert.equal(enter({ ...working, command: 'snapshot-create' }), false)
  assert.equal(enter({ ...working, preview: openRun([]).preview }), false)
  assert.equal(enter(working, false), false)
  assert.equal(result('server start'), undefined)
  assert.deepEqual([enter(working), enter(working)], [true, false])
  assert.deepEqual(result('server start'), ['success', undefined])
})

test('a server that was started again works, though the one before it is found gone later', () => {
  const { entries, result } = createSetup()
  const runs = new Map([['two', openRun([line.opened(61)], { command: 'server-start' })]])
  const enterRunning = () => entries.enterRunningServers(runs, () => true)
  assert.equal(enterRunning(), true)
  entries.enterFailure('one', server(62, line.opened(0)))
  assert.equal(result('server start')?.[0], 'failed')
  assert.deepEqual([enterRunning(), enterRunning()], [true, false])
  assert.deepEqual(result('server start'), ['success', undefined])
})

test('an old server that is idle does not hide that another one was killed', () => {
  const { entries, result } = createSetup()
  const runs = new Map([['old', openRun([line.opened(0)], { command: 'server-start' })]])
  entries.enterRunningServers(runs, () => true)
  entries.enterFailure('other', server(3600, line.opened(60)))
  assert.equal(
    entries.enterRunningServers(runs, () => true),
    false,
  )
  assert.equal(result('server start')?.[0], 'failed')
})

test('an empty log sets no command, and is said once until a log has contents again', () => {
  const { entries, log, result } = createSetup()
  const empty = endedRun(3, [], { readBytes: { 'kopia.0.log': 0 } })
  const cut = endedRun(3, [], { readBytes: { 'kopia.0.log': 40 } })
  for (const [runId, run] of [
    ['one', empty],
    ['two', cut],
  ] as const)
    entries.enterEnd(runId, run, [])
  assert.deepEqual([result(), log.lines('warn').length], [undefined, 1])
  entries.enterEnd('three', endedRun(3, goodLog), [])
  entries.enterEnd('four', empty, [])
  assert.deepEqual([result(), log.lines('warn').length], [['success', undefined], 2])
})

test('hooks alone do not name the command', () => {
  const { entries, ledger } = createSetup()
  const run = endedRun(3, [], { readBytes: {}, command: 'hooks' })
  assert.equal(entries.enterFailure('one', run), false)
  entries.enterEnd('one', run, [failedBefore])
  assert.equal(ledger.commands.size, 0)
})

test('a run that silence ended and that ends anew after it has gone on is entered anew', () => {
  const { entries, result } = createSetup()
  const silent = endedRun(3600, [line.opened(0), line.snapshotting(1)], { isSilent: true })
  entries.enterEnd('one', silent, [failedBefore])
  assert.equal(result()?.[0], 'failed')
  entries.retain(new Set())
  entries.enterEnd('one', endedRun(4000, goodLog), [{ ...failedBefore, outcome: 'success' }])
  assert.deepEqual(result(), ['success', undefined])
})

test('of two runs of a command the later end counts, whichever is settled last, unless the clock was set back', () => {
  const { entries, result, ledger } = createSetup()
  entries.enterFailure('later', endedRun(60, lostAtFlush))
  entries.enterEnd('earlier', endedRun(3, goodLog), [])
  assert.equal(result()?.[0], 'failed')
  assert.equal(ledger.commands.get('snapshot create')?.lastSuccessAt, begin + 3)
  const earlier = createCommandEntries({ ledger, nowSeconds: () => begin + 5, log: createLogRecorder() })
  earlier.enterEnd('after the clock was set back', endedRun(4, goodLog), [])
  assert.equal(result()?.[0], 'success')
})
