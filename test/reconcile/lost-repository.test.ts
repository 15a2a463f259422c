// The repository is lost before the flush: what the agent says meanwhile, and once the repository is back.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  begin,
  counters,
  data,
  endedRun,
  goodLog,
  lostAtFlush,
  mail,
  snapshotAt,
  startReconciling,
} from '../support/reconciling.ts'

test('a repository that is lost before the flush: the command fails at once, the attempts wait and become unproven', async (context) => {
  const { clock, kopia, ledger, look, reconciler, stateOf } = await startReconciling(context, {
    runs: { one: endedRun(5, lostAtFlush) },
  })
  const states = () => [stateOf(data), stateOf(mail)]
  ledger.addSource(data, begin)
  ledger.addSource(mail, begin)
  kopia.refuse = () => 'mkdir /backup: no such file or directory'
  clock.now = begin + 6
  assert.equal(await look(), true)
  const command = ledger.commands.get('snapshot create')
  assert.deepEqual([command?.result, command?.lastSuccessAt], ['failed', undefined])
  assert.match(command?.reason ?? '', /^Kopia ended with: flush error: mkdir/)
  assert.equal(reconciler.runningSince().size, 0)
  clock.now = begin + 5 + 599
  assert.equal(await look(), false)
  assert.deepEqual(
    [states().map((state) => state?.unproven), kopia.questions.length],
    [[undefined, undefined], 1],
  )
  clock.now = begin + 5 + 600
  assert.equal(await look(), true)
  assert.equal(await look(), false)
  for (const state of states()) {
    assert.deepEqual([state?.attempts, state?.lastAttempt], [counters.none, undefined])
    assert.equal(state?.unproven?.since, begin + 5)
  }
})

test('attempts that waited are settled once by the repository, each counter moves once and the command stays failed', async (context) => {
  const { clock, kopia, ledger, look, reconciler, stateOf } = await startReconciling(context, {
    runs: { one: endedRun(5, lostAtFlush) },
  })
  ledger.addSource(data, begin)
  kopia.refuse = () => 'no such file or directory'
  clock.now = begin + 700
  await look()
  assert.notEqual(stateOf(data)?.unproven, undefined)
  kopia.refuse = () => undefined
  kopia.held = [snapshotAt('i1', 0)]
  for (let times = 0; times < 3; times += 1) {
    await reconciler.refreshSnapshots()
    await look()
  }
  assert.deepEqual([stateOf(data)?.attempts, stateOf(data)?.unproven], [counters.oneSuccess, undefined])
  assert.deepEqual(stateOf(mail)?.attempts, counters.oneFailure)
  assert.match(
    stateOf(mail)?.lastAttempt?.reason ?? '',
    /flush error.*i2, but the repository does not hold it/,
  )
  assert.equal(ledger.commands.get('snapshot create')?.result, 'failed')
  assert.equal(reconciler.isWaiting(), false)
})

test('an attempt never becomes unproven while Kopia answers', async (context) => {
  const { clock, kopia, look, stateOf } = await startReconciling(context, {
    runs: { one: endedRun(3, goodLog) },
  })
  kopia.held = [snapshotAt('i1', 0)]
  clock.now = begin + 9000
  await look()
  assert.deepEqual([stateOf(data)?.attempts, stateOf(data)?.unproven], [counters.oneSuccess, undefined])
})
