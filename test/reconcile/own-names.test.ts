// New sources, and names under which this machine backs up: what belongs to it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  begin,
  counters,
  data,
  endedRun,
  failedBefore,
  line,
  openRun,
  snapshotAt,
  startReconciling,
} from '../support/reconciling.ts'

const globalPolicy = { target: '', intervalSeconds: 3600, minutesOfDay: [], cron: [], isManual: false }
const pathMissing = [
  line.opened(0),
  line.snapshotting(0),
  line.error(1, 'encountered 2 errors:\nfailed to prepare source: lstat /data: no such file or directory'),
]
const renamed = { user: 'root', host: 'new', path: '/data' }

test('a new source with the global policy alone whose first backup fails is counted and stays', async (context) => {
  const { clock, kopia, ledger, look, reconciler, stateOf } = await startReconciling(context, {
    runs: { one: endedRun(1, pathMissing) },
  })
  kopia.policyList = [globalPolicy]
  clock.now = begin + 2
  await look()
  assert.deepEqual(stateOf(data)?.attempts, counters.oneFailure)
  assert.match(stateOf(data)?.lastAttempt?.reason ?? '', /no such file or directory/)
  await reconciler.refreshSnapshots()
  assert.ok(ledger.sources.has('root@vm:/data'))
  clock.now = begin + 24 * 3600
  await reconciler.refreshSnapshots()
  assert.ok(ledger.sources.has('root@vm:/data'), 'a day has not passed since the failure')
})

test('a new source that is backed up at the moment is known, and running', async (context) => {
  const { clock, look, machine, reconciler, stateOf } = await startReconciling(context, {
    runs: { one: openRun([line.snapshotting(0)], { process: 'alive' }) },
  })
  machine.isAlive = true
  clock.now = begin + 20
  await look()
  assert.deepEqual([stateOf(data)?.attempts, stateOf(data)?.backedUpAs], [counters.none, 'root@vm'])
  assert.deepEqual([...reconciler.runningSince()], [['root@vm:/data', begin]])
})

test('a renamed host: the identity is asked again, the old name leaves and the new one stays', async (context) => {
  const { clock, kopia, ledger, look, reconciler } = await startReconciling(context, {
    runs: { one: endedRun(3, [line.snapshotting(0, renamed), line.created(2, 'i1'), line.closed(3)]) },
  })
  ledger.addFinished({ ...failedBefore, outcome: 'success' }, begin - 10)
  kopia.connected = { ...kopia.connected, host: 'new' }
  kopia.held = [snapshotAt('i0', -100), snapshotAt('i1', 0, renamed)]
  clock.now = begin + 6
  await look()
  assert.deepEqual(kopia.questions, ['snapshot list', 'repository status', 'policy list'])
  assert.deepEqual(ledger.sources.get('root@new:/data')?.attempts, counters.oneSuccess)
  await reconciler.refreshSnapshots()
  assert.deepEqual([...ledger.sources.keys()], ['root@new:/data'])
})

test('what this machine backs up under another name is reported, and the identity is asked for once', async (context) => {
  const override = { user: 'db@prod', host: 'cluster', path: '/data' }
  const { clock, kopia, ledger, look, reconciler } = await startReconciling(context, {
    runs: {
      one: endedRun(3, [line.snapshotting(0, override), line.created(2, 'i1'), line.closed(3)]),
      two: endedRun(9, [line.snapshotting(6, override), line.created(8, 'i2'), line.closed(9)]),
    },
  })
  kopia.held = [snapshotAt('i1', 0, override), snapshotAt('i2', 6, override)]
  clock.now = begin + 12
  await look()
  await reconciler.refreshSnapshots()
  const state = ledger.sources.get('db@prod@cluster:/data')
  assert.deepEqual([state?.attempts.success, state?.backedUpAs], [2, 'root@vm'])
  assert.equal(kopia.questions.filter((question) => question === 'repository status').length, 1)
})

test('for a name that the settings leave out the identity is asked once, and nothing is entered', async (context) => {
  const override = { user: 'x', host: 'y', path: '/data' }
  const lines = [line.snapshotting(0, override), line.created(2, 'i1'), line.closed(3)]
  const { clock, kopia, ledger, look, machine, tracker } = await startReconciling(context, {
    runs: { one: endedRun(3, lines), two: openRun(lines, { process: 'alive' }) },
    isChosen: ({ user }) => user === 'root',
  })
  kopia.held = [snapshotAt('i1', 0, override)]
  clock.now = begin + 6
  machine.isAlive = true
  await look()
  machine.isAlive = false
  await look()
  assert.deepEqual(
    [...tracker.runs.values()].map(({ state }) => state),
    ['settled', 'settled'],
  )
  assert.equal(kopia.questions.filter((question) => question === 'repository status').length, 1)
  assert.equal(ledger.sources.size, 0)
})
