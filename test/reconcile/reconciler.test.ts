// Runs and logs handed in, and answers of Kopia: what is settled when, and what Kopia is asked for.

import assert from 'node:assert/strict'
import { appendFile, utimes, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { status } from '../support/fake-kopia.ts'
import {
  begin,
  counters,
  data,
  endedRun,
  goodLog,
  line,
  lineAt,
  mail,
  openRun,
  snapshotAt,
  startReconciling,
} from '../support/reconciling.ts'

const log = (...lines: readonly string[]) => lines.map((text) => `${text}\n`).join('')

const globalPolicy = { target: '', intervalSeconds: 3600, minutesOfDay: [], cron: [], isManual: false }

test('a run that ended is settled by one question for its source', async (context) => {
  const { clock, kopia, look, logOf, stateOf } = await startReconciling(context)
  await writeFile(logOf('snapshot-create'), log(line.snapshotting(0), line.created(2, 'i1')))
  kopia.held = [snapshotAt('i1', 0)]
  clock.now = Date.now() / 1000 + 5
  assert.equal(await look(), true)
  assert.equal(await look(), false)
  assert.deepEqual(kopia.questions, ['snapshot list'])
  assert.deepEqual(stateOf(data)?.attempts, counters.oneSuccess)
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
  assert.deepEqual([stateOf(data)?.attempts, reconciler.isWaiting()], [counters.oneSuccess, false])
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

test('a run that seemed over after its first source goes on, and its second source counts', async (context) => {
  const { clock, kopia, look, logOf, stateOf } = await startReconciling(context, {
    ledger: { repository: { status, policies: [{ ...globalPolicy, ignoresIdentical: true }] } },
  })
  kopia.held = [snapshotAt('i0', -100)]
  await writeFile(logOf('snapshot-create'), log(line.snapshotting(0), line.identical(2)))
  clock.now = Date.now() / 1000 + 5
  await look()
  assert.deepEqual(stateOf(data)?.attempts, counters.oneSuccess)
  const more = [line.snapshotting(60, mail), line.created(62, 'i2'), line.closed(63)]
  await appendFile(logOf('snapshot-create'), log(...more))
  await utimes(logOf('snapshot-create'), clock.now + 60, clock.now + 60)
  kopia.held = [snapshotAt('i0', -100), snapshotAt('i2', 60, mail)]
  clock.now += 120
  await look()
  assert.deepEqual(
    [stateOf(mail)?.attempts, stateOf(data)?.attempts],
    [counters.oneSuccess, counters.oneSuccess],
  )
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
  } = await startReconciling(context, { runs: { one: endedRun(3, goodLog) } })
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

test('a backup that maintenance follows in the same process is settled at once, by one question', async (context) => {
  const lines = [line.opened(0), line.snapshotting(0), line.created(2, 'i1'), line.maintenance(3)]
  const { clock, kopia, ledger, look, machine, reconciler, stateOf } = await startReconciling(context, {
    runs: { one: openRun(lines, { process: 'alive' }) },
  })
  machine.isAlive = true
  kopia.held = [snapshotAt('i1', 0)]
  clock.now = begin + 4
  await look()
  assert.deepEqual([stateOf(data)?.attempts, reconciler.runningSince().size], [counters.oneSuccess, 0])
  assert.equal(ledger.commands.size, 0)
  machine.isAlive = false
  clock.now = begin + 7200
  await look()
  assert.deepEqual(stateOf(data)?.attempts, counters.oneSuccess)
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

test('Kopia that stops answering is reported once, and again when it answers', async (context) => {
  const { kopia, repositoryQueries, log: lines } = await startReconciling(context)
  kopia.refuse = () => 'no route to host'
  for (let times = 0; times < 3; times += 1) await repositoryQueries.refreshIdentity()
  kopia.refuse = () => undefined
  for (let times = 0; times < 3; times += 1) await repositoryQueries.refreshIdentity()
  assert.deepEqual([lines.lines('warn').length, lines.lines('info')], [1, ['Kopia answers again.']])
})
