// What logs do not show: empty logs, snapshots without a run, servers that end.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  begin,
  data,
  endedRun,
  failedBefore,
  goodLog,
  line,
  openRun,
  snapshotAt,
  startReconciling,
} from '../support/reconciling.ts'

test('an empty log of a backup proves nothing: the repository is asked for all, and the command is not set', async (context) => {
  const {
    clock,
    kopia,
    ledger,
    look,
    log: lines,
    counted,
    stateOf,
  } = await startReconciling(context, {
    runs: { one: endedRun(3, [], { readBytes: { 'kopia.0.log': 0 } }) },
  })
  ledger.addFinished(failedBefore, begin - 10)
  kopia.held = [snapshotAt('i1', 0)]
  clock.now = begin + 6
  await look()
  assert.deepEqual(kopia.questions, ['snapshot list'])
  assert.equal(ledger.commands.size, 0)
  assert.deepEqual(stateOf(data)?.attempts, { success: 1, failed: 1, incomplete: 0 })
  assert.equal(lines.lines('warn').filter((text) => text.includes('empty log')).length, 1)
  assert.equal(counted.unexplained, 0)
})

test('a server counts as working while it runs, and as failed by a kill', async (context) => {
  const { clock, ledger, look, machine, reconciler } = await startReconciling(context, {
    runs: { one: openRun([line.opened(0)], { command: 'server-start', process: 'alive' }) },
  })
  machine.isAlive = true
  ledger.addCommand('server start', begin - 60, 'it could not open its repository')
  clock.now = begin + 5
  assert.equal(reconciler.noteBeginnings(), true, 'what changes is published')
  assert.equal(reconciler.noteBeginnings(), false)
  assert.equal(ledger.commands.get('server start')?.result, 'success')
  await look()
  machine.isAlive = false
  await look()
  const command = ledger.commands.get('server start')
  assert.deepEqual([command?.result, command?.lastSuccessAt], ['failed', begin])
  assert.match(command?.reason ?? '', /its log stops at 11:36:47 UTC: the process was killed/)
})

test('a server that cannot open its repository fails with its own words', async (context) => {
  const lines = [line.error(1, 'unable to open repository: storage error')]
  const { clock, kopia, ledger, look } = await startReconciling(context, {
    runs: { one: endedRun(1, lines, { command: 'server-start' }) },
  })
  clock.now = begin + 5
  await look()
  const command = ledger.commands.get('server start')
  assert.deepEqual(
    [command?.result, command?.reason],
    ['failed', 'Kopia ended with: unable to open repository: storage error'],
  )
  assert.deepEqual(kopia.questions, [])
})

test('a snapshot of this machine that no run explains is counted; one of a run is not', async (context) => {
  const {
    clock,
    kopia,
    look,
    counted,
    log: lines,
    reconciler,
    stateOf,
  } = await startReconciling(context, {
    runs: { one: endedRun(3, goodLog) },
  })
  kopia.held = [snapshotAt('i1', 0)]
  clock.now = begin + 6
  await look()
  assert.equal(counted.unexplained, 0)
  kopia.held = [snapshotAt('i1', 0), snapshotAt('i2', 600), snapshotAt('i3', 900)]
  clock.now = begin + 1200
  await reconciler.refreshSnapshots()
  await reconciler.refreshSnapshots()
  assert.equal(counted.unexplained, 2)
  assert.equal(lines.lines('warn').filter((text) => text.includes('neither a log nor a hook')).length, 1)
  assert.equal(stateOf(data)?.attempts.success, 3)
})
