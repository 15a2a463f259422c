// Runs and logs handed in, and answers of Kopia: what is settled when, and what Kopia is asked for.

import assert from 'node:assert/strict'
import { appendFile, utimes, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import {
  begin,
  data,
  endedRun,
  line,
  lineAt,
  mail,
  openRun,
  startReconciling,
} from '../support/reconciling.ts'
import { makeSnapshot } from '../support/snapshots.ts'

const log = (...lines: readonly string[]) => lines.map((text) => `${text}\n`).join('')
const snapshotAt = (id: string, at: number, source = data) =>
  makeSnapshot({ id, source, startedAt: begin + at, endedAt: begin + at + 2 })
const good = [line.opened(0), line.snapshotting(0), line.created(2, 'i1'), line.closed(3)]
/** Kopia reports both snapshots and then loses the repository before it has flushed them. */
const lostAtFlush = [
  line.opened(0),
  line.snapshotting(0),
  line.created(2, 'i1'),
  line.snapshotting(2, mail),
  line.created(4, 'i2'),
  line.error(5, 'flush error: mkdir /backup: no such file or directory'),
]
const hasOne = { success: 1, failed: 0, incomplete: 0 }
const hasNone = { success: 0, failed: 0, incomplete: 0 }

test('a run that ended is settled by one question for its source', async (context) => {
  const { clock, kopia, look, logOf, stateOf } = await startReconciling(context)
  await writeFile(logOf('snapshot-create'), log(line.snapshotting(0), line.created(2, 'i1')))
  kopia.held = [snapshotAt('i1', 0)]
  clock.now = Date.now() / 1000 + 5
  assert.equal(await look(), true)
  assert.equal(await look(), false)
  assert.deepEqual(kopia.questions, ['snapshot list'])
  assert.deepEqual(stateOf(data)?.attempts, hasOne)
})

test('a silent run of an unseen process that goes on is settled as soon as it reports its end', async (context) => {
  const { clock, kopia, look, logOf, stateOf } = await startReconciling(context)
  await writeFile(logOf('snapshot-create'), log(line.snapshotting(0)))
  clock.now = Date.now() / 1000 + 2
  await look()
  assert.deepEqual(kopia.questions, ['snapshot list'], 'the silence may have been its end')
  await look()
  assert.deepEqual(kopia.questions, ['snapshot list'], 'nothing has changed')
  kopia.held = [snapshotAt('i1', 0)]
  await appendFile(logOf('snapshot-create'), log(line.created(9, 'i1')))
  clock.now += 2
  await look()
  assert.equal(stateOf(data)?.attempts.success, 1)
})

test('a claim of an unseen process waits for its snapshot, which a scheduled answer shows, too', async (context) => {
  const { clock, kopia, look, logOf, reconciler, stateOf } = await startReconciling(context)
  await writeFile(logOf('snapshot-create'), log(line.snapshotting(0), line.created(2, 'i1')))
  clock.now = Date.now() / 1000 + 5
  await look()
  assert.deepEqual([stateOf(data)?.lastAttempt, reconciler.isWaiting()], [undefined, true])
  kopia.held = [snapshotAt('i1', 0)]
  await reconciler.refreshSnapshots()
  assert.deepEqual([stateOf(data)?.attempts, reconciler.isWaiting()], [hasOne, false])
})

test('a quiet run that writes while Kopia answers goes on with the source that it has begun', async (context) => {
  const { clock, kopia, look, logOf, reconciler, stateOf } = await startReconciling(context, {
    ledger: { repository: { status, policies: [{ ...globalPolicy, ignoresIdentical: true }] } },
  })
  kopia.held = [snapshotAt('i0', -100)]
  await writeFile(logOf('snapshot-create'), log(line.snapshotting(0), line.identical(2)))
  clock.now = Date.now() / 1000
  await utimes(logOf('snapshot-create'), clock.now - 60, clock.now - 60)
  kopia.refuse = async () => {
    kopia.refuse = () => undefined
    await appendFile(logOf('snapshot-create'), log(line.snapshotting(9, mail)))
    return undefined
  }
  await look()
  assert.deepEqual([...reconciler.runningSince().keys()], ['root@vm:/data', 'root@vm:/mail'])
  assert.equal(stateOf(mail)?.lastAttempt, undefined)
})

test('nothing waits for the repository any more once the server that it was about has ended', async (context) => {
  const { clock, kopia, reconciler, tracker, look, logOf } = await startReconciling(context)
  await writeFile(
    logOf('server-start'),
    log(
      lineAt(0, 'DEBUG kopia/server snapshotting\t{"source":"root@vm:/data"}'),
      line.startingUpload(0),
      lineAt(2, 'DEBUG uploader snapshotted directory\t{"path":".","dur":"2s","errors":1}'),
      line.createdByServer(2, 'i1'),
      line.finished(2),
      // A last record may still be continued, so it does not count yet.
      lineAt(3, 'DEBUG kopia/server waiting'),
    ),
  )
  kopia.refuse = () => 'no route to host'
  clock.now = Date.now() / 1000
  await look()
  assert.equal(reconciler.isWaiting(), true, 'only the repository knows whether the errors were fatal')
  const [runId = ''] = tracker.runs.keys()
  await tracker.end([runId])
  kopia.refuse = () => undefined
  await look()
  assert.equal(reconciler.isWaiting(), false)
  assert.equal(await look(), false)
})

test('a question that the stop ends says nothing of the repository, and what it was about stays pending', async (context) => {
  const {
    clock,
    kopia,
    repositoryQueries,
    look,
    stopping,
    tracker,
    log: lines,
    stateOf,
  } = await startReconciling(context, { runs: { one: endedRun(3, good) } })
  await repositoryQueries.refreshIdentity()
  assert.equal(repositoryQueries.isReachable(), true)
  clock.now = begin + 5
  kopia.refuse = () => {
    stopping.abort()
    return 'the call was cancelled'
  }
  assert.equal(await look(), false)
  const asked = kopia.questions.length
  await repositoryQueries.refreshFigures()
  assert.equal(await look(), false)
  assert.equal(kopia.questions.length, asked, 'no question begins after the stop')
  assert.equal(repositoryQueries.isReachable(), true)
  assert.deepEqual(lines.lines('warn'), [])
  assert.equal(stateOf(data)?.lastAttempt, undefined)
  assert.equal(tracker.runs.get('one')?.state, 'ended')
})

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
    assert.deepEqual([state?.attempts, state?.lastAttempt], [hasNone, undefined])
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
  assert.deepEqual([stateOf(data)?.attempts, stateOf(data)?.unproven], [hasOne, undefined])
  assert.deepEqual(stateOf(mail)?.attempts, { success: 0, failed: 1, incomplete: 0 })
  assert.match(
    stateOf(mail)?.lastAttempt?.reason ?? '',
    /flush error.*i2, but the repository does not hold it/,
  )
  assert.equal(ledger.commands.get('snapshot create')?.result, 'failed')
  assert.equal(reconciler.isWaiting(), false)
})

test('an attempt never becomes unproven while Kopia answers', async (context) => {
  const { clock, kopia, look, stateOf } = await startReconciling(context, {
    runs: { one: endedRun(3, good) },
  })
  kopia.held = [snapshotAt('i1', 0)]
  clock.now = begin + 9000
  await look()
  assert.deepEqual([stateOf(data)?.attempts, stateOf(data)?.unproven], [hasOne, undefined])
})

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
      good: endedRun(3, good, other),
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

test('in a shared directory a run that nothing tells apart is counted and reported once, and brings no source', async (context) => {
  const runs = {
    one: endedRun(3, good),
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
    runs: { one: endedRun(3, good) },
    ledger: { setup: { otherConfigurations: ['/other.config'] } },
  })
  kopia.held = [snapshotAt('i1', 0)]
  clock.now = begin + 6
  await look()
  assert.deepEqual([stateOf(data)?.attempts, counted.unattributed], [hasOne, 0])
  assert.equal(ledger.commands.get('snapshot create')?.result, 'success')
})

test('in a shared directory a run waits while Kopia does not answer', async (context) => {
  const { clock, kopia, look, counted, reconciler } = await startReconciling(context, {
    runs: { one: endedRun(3, good) },
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
    runs: { one: endedRun(3, good) },
  })
  ledger.addSource(data, begin)
  clock.now = begin + 6
  await look()
  assert.deepEqual([stateOf(data)?.attempts, stateOf(data)?.lastAttempt], [hasNone, undefined])
  assert.equal(counted.unattributed, 1)
})

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
  assert.equal(lines.lines('warn').filter((text) => text.includes('log that tells nothing')).length, 1)
  assert.equal(counted.unexplained, 0)
})

const globalPolicy = { target: '', intervalSeconds: 3600, minutesOfDay: [], cron: [], isManual: false }
const pathMissing = [
  line.opened(0),
  line.snapshotting(0),
  line.error(1, `encountered 2 errors:\nfailed to prepare source: lstat /data: no such file or directory`),
]

test('a new source with the global policy alone whose first backup fails is counted and stays', async (context) => {
  const { clock, kopia, ledger, look, reconciler, stateOf } = await startReconciling(context, {
    runs: { one: endedRun(1, pathMissing) },
  })
  kopia.policyList = [globalPolicy]
  clock.now = begin + 2
  await look()
  assert.deepEqual(stateOf(data)?.attempts, { success: 0, failed: 1, incomplete: 0 })
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
  assert.deepEqual([stateOf(data)?.attempts, stateOf(data)?.backedUpAs], [hasNone, 'root@vm'])
  assert.deepEqual([...reconciler.runningSince()], [['root@vm:/data', begin]])
})

const renamed = { user: 'root', host: 'new', path: '/data' }

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
  assert.deepEqual(ledger.sources.get('root@new:/data')?.attempts, hasOne)
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
  const { clock, kopia, ledger, look, tracker } = await startReconciling(context, {
    runs: { one: endedRun(3, lines), two: openRun(lines, { process: 'alive' }) },
    isChosen: ({ user }) => user === 'root',
  })
  kopia.held = [snapshotAt('i1', 0, override)]
  clock.now = begin + 6
  await look()
  await look()
  assert.deepEqual(
    [...tracker.runs.values()].map(({ state }) => state),
    ['settled', 'settled'],
  )
  assert.equal(kopia.questions.filter((question) => question === 'repository status').length, 1)
  assert.equal(ledger.sources.size, 0)
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

test('a backup that maintenance follows in the same process is settled at once, by one question', async (context) => {
  const lines = [line.opened(0), line.snapshotting(0), line.created(2, 'i1'), line.maintenance(3)]
  const { clock, kopia, ledger, look, machine, reconciler, stateOf } = await startReconciling(context, {
    runs: { one: openRun(lines, { process: 'alive' }) },
  })
  machine.isAlive = true
  kopia.held = [snapshotAt('i1', 0)]
  clock.now = begin + 4
  await look()
  assert.deepEqual([stateOf(data)?.attempts, reconciler.runningSince().size], [hasOne, 0])
  assert.equal(ledger.commands.size, 0)
  machine.isAlive = false
  clock.now = begin + 7200
  await look()
  assert.deepEqual(stateOf(data)?.attempts, hasOne)
  assert.deepEqual(kopia.questions, ['snapshot list'])
})

test('in a run of several sources, each is running until all are flushed', async (context) => {
  const lines = [line.opened(0), line.snapshotting(0), line.created(2, 'i1'), line.snapshotting(2, mail)]
  const { clock, kopia, look, machine, reconciler, ledger } = await startReconciling(context, {
    runs: { one: openRun(lines, { process: 'alive' }) },
  })
  machine.isAlive = true
  clock.now = begin + 300
  await look()
  assert.deepEqual([...reconciler.runningSince().keys()], ['root@vm:/data', 'root@vm:/mail'])
  assert.deepEqual(
    [[...ledger.sources.values()].map(({ lastAttempt }) => lastAttempt), kopia.questions],
    [[undefined, undefined], []],
  )
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
    runs: { one: endedRun(3, good) },
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

test('Kopia that stops answering is reported once, and again when it answers', async (context) => {
  const { kopia, repositoryQueries, log: lines } = await startReconciling(context)
  kopia.refuse = () => 'no route to host'
  for (let times = 0; times < 3; times += 1) await repositoryQueries.refreshIdentity()
  kopia.refuse = () => undefined
  for (let times = 0; times < 3; times += 1) await repositoryQueries.refreshIdentity()
  assert.deepEqual([lines.lines('warn').length, lines.lines('info')], [1, ['Kopia answers again.']])
})

const failedBefore = {
  source: data,
  outcome: 'failed',
  startedAt: begin - 20,
  endedAt: begin - 10,
  durationSeconds: 10,
  errors: { fatal: 0, ignored: 0 },
} as const
