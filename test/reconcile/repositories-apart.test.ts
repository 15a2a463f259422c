// Several repositories share a log directory: which runs count, and which do not.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  begin,
  counters,
  data,
  endedRun,
  failedBefore,
  goodLog,
  line,
  lostAtFlush,
  mail,
  openRun,
  snapshotAt,
  startReconciling,
} from '../support/reconciling.ts'

const other = { configuration: { kind: 'other', path: '/other.config' } } as const

test('a run with another configuration touches nothing and asks nothing, whatever it reports', async (context) => {
  const {
    clock,
    kopia,
    ledger,
    look,
    log: lines,
    counted,
    tracker,
    stateOf,
  } = await startReconciling(context, {
    runs: {
      good: endedRun(3, goodLog, other),
      bad: endedRun(5, lostAtFlush, other),
      identical: endedRun(3, [line.snapshotting(0), line.identical(1), line.closed(2)], other),
      quiet: openRun([line.snapshotting(0, mail), line.created(1, 'i3')], other),
    },
  })
  ledger.addFinished(failedBefore, begin - 10)
  const before = stateOf(data)
  clock.now = begin + 60
  for (let times = 0; times < 2; times += 1) await look()
  assert.deepEqual(kopia.questions, [])
  assert.deepEqual([...ledger.sources.values()], [before])
  assert.deepEqual([ledger.commands.size, counted.unattributed], [0, 0])
  assert.deepEqual(
    [...tracker.runs].filter(([, { state }]) => state === 'settled').map(([runId]) => runId),
    ['good', 'bad', 'identical'],
  )
  assert.equal(lines.lines('warn').length, 1, 'the other configuration is reported once')
  assert.deepEqual(ledger.setup.otherConfigurations, ['/other.config'])
})

test('a name under which only another repository is backed up is no reason to ask who Kopia is here', async (context) => {
  const stranger = { user: 'x', host: 'y', path: '/data' }
  const lines = [line.snapshotting(0, stranger), line.identical(1), line.closed(2)]
  const { clock, kopia, ledger, look } = await startReconciling(context, {
    runs: { other: endedRun(3, lines, other), own: endedRun(3, goodLog, { configuration: { kind: 'own' } }) },
  })
  kopia.held = [snapshotAt('i1', 0)]
  clock.now = begin + 6
  await look()
  assert.deepEqual(kopia.questions, ['snapshot list'])
  assert.deepEqual([...ledger.sources.keys()], ['root@vm:/data'])
})

test('in a shared directory a run that nothing tells apart is counted and reported once, and brings no source', async (context) => {
  const runs = {
    one: endedRun(3, goodLog),
    two: endedRun(5, lostAtFlush),
    open: openRun([line.snapshotting(0)]),
  }
  const {
    clock,
    kopia,
    ledger,
    look,
    log: lines,
    counted,
    reconciler,
  } = await startReconciling(context, {
    runs,
    ledger: { setup: { otherConfigurations: ['/other.config'] } },
  })
  kopia.held = [snapshotAt('i0', -100, mail)]
  clock.now = begin + 6
  for (let times = 0; times < 3; times += 1) await look()
  assert.equal(counted.unattributed, 2)
  assert.equal(lines.lines('warn').filter((text) => text.includes("can't be told apart")).length, 1)
  assert.equal(ledger.sources.has('root@vm:/data'), false)
  assert.deepEqual([reconciler.runningSince().size, ledger.commands.size], [0, 0])
})

test('in a shared directory the snapshot that this repository holds tells that a run is its own', async (context) => {
  const { clock, kopia, ledger, look, counted, stateOf } = await startReconciling(context, {
    runs: { one: endedRun(3, goodLog) },
    ledger: { setup: { otherConfigurations: ['/other.config'] } },
  })
  kopia.held = [snapshotAt('i1', 0)]
  clock.now = begin + 6
  await look()
  assert.deepEqual([stateOf(data)?.attempts, counted.unattributed], [counters.oneSuccess, 0])
  assert.equal(ledger.commands.get('snapshot create')?.result, 'success')
})

test('in a shared directory a run waits while Kopia does not answer', async (context) => {
  const { clock, kopia, look, counted, reconciler } = await startReconciling(context, {
    runs: { one: endedRun(3, goodLog) },
    ledger: { setup: { otherConfigurations: ['/other.config'] } },
  })
  kopia.refuse = () => 'no route to host'
  clock.now = begin + 6
  await look()
  assert.deepEqual([reconciler.isWaiting(), counted.unattributed], [true, 0])
  kopia.refuse = () => undefined
  await reconciler.refreshSnapshots()
  assert.deepEqual([reconciler.isWaiting(), counted.unattributed], [false, 1])
})

test('a run that ended well and whose snapshot is not here backed up to another repository: it fails nobody', async (context) => {
  const { clock, look, counted, stateOf, ledger } = await startReconciling(context, {
    runs: { one: endedRun(3, goodLog) },
  })
  ledger.addSource(data, begin)
  clock.now = begin + 6
  await look()
  // Its beginning is taken back, since nothing else is known of the source.
  assert.equal(stateOf(data), undefined)
  assert.equal(counted.unattributed, 1)
})

test('in a shared directory an attempt is entered with its snapshot, though another run of the source is not told apart yet', async (context) => {
  const { clock, kopia, look, stateOf } = await startReconciling(context, {
    runs: {
      own: endedRun(3, goodLog, { configuration: { kind: 'own' } }),
      unknown: openRun([line.snapshotting(2)]),
    },
    ledger: { setup: { otherConfigurations: ['/other.config'] } },
  })
  kopia.held = [snapshotAt('i1', 0)]
  clock.now = begin + 6
  await look()
  const state = stateOf(data)
  assert.deepEqual([state?.attempts, state?.held?.counts.all], [counters.oneSuccess, 1])
})
