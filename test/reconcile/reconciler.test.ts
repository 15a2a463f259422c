// Real logs in a temporary folder and answers handed in: what is settled when, and what Kopia is asked for.

import assert from 'node:assert/strict'
import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createRunTracker } from '../../agent/kopia/runs/tracker.ts'
import { createLedger, emptyLedger } from '../../agent/ledger/ledger.ts'
import { Reconciler } from '../../agent/reconcile/reconciler.ts'
import { createRepositoryQueries } from '../../agent/reconcile/repository-queries.ts'
import { createFakeKopia, status } from '../support/fake-kopia.ts'
import { temporaryFolder } from '../support/folder.ts'
import { createLogRecorder } from '../support/log-recorder.ts'
import { makeSnapshot } from '../support/snapshots.ts'

/** Above the largest that Linux gives (pid_max in proc_sys_kernel(5)): nobody has it. */
const processId = 4_194_305
const source = { user: 'root', host: 'vm', path: '/data' }
const key = 'root@vm:/data'
const begin = Date.parse('2026-11-24T11:36:47Z') / 1000

function lineAt(secondsAfterBegin: number, text: string): string {
  return `${new Date((begin + secondsAfterBegin) * 1000).toISOString()} ${text}\n`
}

async function createSetup(context: TestContext) {
  const directory = join(await temporaryFolder(context), 'cli-logs')
  await mkdir(directory)
  const stopping = new AbortController()
  const clock = { now: begin }
  const nowSeconds = () => clock.now
  const kopia = createFakeKopia()
  const log = createLogRecorder()
  const ledger = createLedger(emptyLedger)
  ledger.begin(begin - 1)
  ledger.updateRepository({ status })
  const tracker = createRunTracker({
    directory,
    configurationPath: join(directory, 'repository.config'),
    runs: new Map(),
    nowSeconds,
    onFault: (name, error) => assert.fail(`${name}: ${error}`),
  })
  const repositoryQueries = createRepositoryQueries({
    ledger,
    kopia,
    signal: stopping.signal,
    nowSeconds,
    log,
  })
  const isWanted = () => true
  const reconciler = new Reconciler({
    ledger,
    tracker,
    repositoryQueries,
    isWanted,
    isWantedHere: isWanted,
    onUnattributed: () => assert.fail('every run belongs to this repository'),
    onUnexplained: () => assert.fail('a run explains every snapshot'),
    nowSeconds,
    log,
  })
  const settle = async () => {
    await tracker.sweep()
    await tracker.endFinishedRuns()
    return reconciler.settle()
  }
  const logOf = (command: string) => join(directory, `kopia-20261124-113647-${processId}-${command}.0.log`)
  return { clock, kopia, ledger, tracker, repositoryQueries, reconciler, settle, stopping, log, logOf }
}

const snapshotting = lineAt(0, 'INFO kopia/cli Snapshotting root@vm:/data ...')
const created = (seconds: number) =>
  lineAt(seconds, 'INFO kopia/cli Created snapshot with root k1 and ID i1 in 2s')
const closed = (seconds: number) => lineAt(seconds, 'DEBUG kopia/repo [STORAGE] Close')

test('a run that ended is settled by one question for its source', async (context) => {
  const { clock, kopia, ledger, settle, logOf } = await createSetup(context)
  await writeFile(logOf('snapshot-create'), snapshotting + created(2))
  kopia.held = [makeSnapshot({ id: 'i1', source, startedAt: begin, endedAt: begin + 2 })]
  clock.now = Date.now() / 1000 + 5
  assert.equal(await settle(), true)
  assert.equal(await settle(), false)
  assert.deepEqual(kopia.questions, ['snapshot list'])
  assert.deepEqual(ledger.sources.get(key)?.attempts, { success: 1, failed: 0, incomplete: 0 })
})

test('a silent run of an unseen process that goes on is settled as soon as it reports its end', async (context) => {
  const { clock, kopia, ledger, settle, logOf } = await createSetup(context)
  await writeFile(logOf('snapshot-create'), snapshotting)
  clock.now = Date.now() / 1000 + 2
  await settle()
  assert.deepEqual(kopia.questions, ['snapshot list'], 'the silence may have been its end')
  await settle()
  assert.deepEqual(kopia.questions, ['snapshot list'], 'nothing has changed')
  kopia.held = [makeSnapshot({ id: 'i1', source, startedAt: begin, endedAt: begin + 2 })]
  await appendFile(logOf('snapshot-create'), created(9))
  clock.now += 2
  await settle()
  assert.equal(ledger.sources.get(key)?.attempts.success, 1)
})

test('nothing waits for the repository any more once the server that it was about has ended', async (context) => {
  const { clock, kopia, reconciler, tracker, settle, logOf } = await createSetup(context)
  await writeFile(
    logOf('server-start'),
    lineAt(0, 'DEBUG kopia/server snapshotting\t{"source":"root@vm:/data"}') +
      lineAt(0, 'DEBUG kopia/server starting upload of root@vm:/data') +
      lineAt(2, 'DEBUG uploader snapshotted directory\t{"path":".","dur":"2s","errors":1}') +
      lineAt(2, 'DEBUG kopia/server created snapshot i1') +
      lineAt(2, 'DEBUG kopia/server finished uploading root@vm:/data') +
      // A last record may still be continued, so it does not count yet.
      lineAt(3, 'DEBUG kopia/server waiting'),
  )
  kopia.refuse = () => 'no route to host'
  clock.now = Date.now() / 1000
  await settle()
  assert.equal(reconciler.isWaiting(), true, 'only the repository knows whether the errors were fatal')
  const [runId = ''] = tracker.runs.keys()
  await tracker.end([runId])
  kopia.refuse = () => undefined
  await settle()
  assert.equal(reconciler.isWaiting(), false)
  assert.equal(await settle(), false)
})

test('a question that the stop ends says nothing of the repository, and what it was about stays pending', async (context) => {
  const { clock, kopia, ledger, repositoryQueries, settle, stopping, tracker, log, logOf } =
    await createSetup(context)
  await repositoryQueries.refreshIdentity()
  assert.equal(repositoryQueries.isReachable(), true)
  await writeFile(logOf('snapshot-create'), snapshotting + created(2) + closed(3))
  clock.now = Date.now() / 1000 + 5
  kopia.refuse = () => {
    stopping.abort()
    return 'the call was cancelled'
  }
  assert.equal(await settle(), false)
  const asked = kopia.questions.length
  await repositoryQueries.refreshFigures()
  assert.equal(await settle(), false)
  assert.equal(kopia.questions.length, asked, 'no question begins after the stop')
  assert.equal(repositoryQueries.isReachable(), true)
  assert.deepEqual(log.lines('warn'), [])
  assert.equal(ledger.sources.get(key)?.lastAttempt, undefined)
  assert.deepEqual(
    [...tracker.runs.values()].map(({ state }) => state),
    ['ended'],
  )
})

test('Kopia that stops answering is reported once, and again when it answers', async (context) => {
  const { kopia, repositoryQueries, log } = await createSetup(context)
  kopia.refuse = () => 'no route to host'
  for (let times = 0; times < 3; times += 1) await repositoryQueries.refreshIdentity()
  kopia.refuse = () => undefined
  for (let times = 0; times < 3; times += 1) await repositoryQueries.refreshIdentity()
  assert.deepEqual([log.lines('warn').length, log.lines('info')], [1, ['Kopia answers again.']])
})
