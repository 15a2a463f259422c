import assert from 'node:assert/strict'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Snapshot } from '../../agent/kopia/cli/snapshots.ts'
import type { FinishedAttempt } from '../../agent/kopia/runs/finished-attempt.ts'
import type { Outcome } from '../../agent/kopia/runs/outcome-kinds.ts'
import { createLedger, emptyLedger, unknownSetup } from '../../agent/ledger/ledger.ts'
import { intervalOfSnapshots } from '../../agent/ledger/median-interval.ts'
import { countSnapshots } from '../../agent/ledger/snapshot-summary.ts'
import { loadLedger, saveLedger } from '../../agent/ledger/store.ts'
import { limitContextOf } from '../../agent/limits/context.ts'
import { expectedIntervalOf } from '../../agent/limits/expected-interval.ts'
import { temporaryFolder } from '../support/folder.ts'
import { defaultLimitSettings } from '../support/limits.ts'
import { askedAt, makeSnapshot } from '../support/snapshots.ts'

const day = 86_400
const source = { user: 'root', host: 'vm', path: '/data' }
const key = 'root@vm:/data'

function finished(outcome: Outcome, endedAt: number): FinishedAttempt {
  return {
    source,
    outcome,
    startedAt: endedAt - 2,
    endedAt,
    durationSeconds: 2,
    errors: { fatal: 0, ignored: 0 },
  }
}

const snapshot = (change: Partial<Snapshot>) => makeSnapshot({ source, ...change })

test('attempts are counted from the first start on, those from before it are not, however late they are read', () => {
  const ledger = createLedger(emptyLedger)
  ledger.begin(200)
  ledger.addFinished(finished('failed', 100), 400)
  assert.deepEqual(ledger.sources.get(key)?.attempts, { success: 0, failed: 0, incomplete: 0 })
  const later = createLedger(ledger.toData(new Map()))
  later.begin(390)
  later.addFinished(finished('failed', 110), 400)
  later.addFinished(finished('success', 300), 400)
  later.addFinished(finished('failed', 400), 400)
  const state = later.sources.get(key)
  assert.deepEqual(state?.attempts, { success: 1, failed: 1, incomplete: 0 })
  assert.deepEqual([state?.lastAttempt?.outcome, state?.lastSuccessAt], ['failed', 300])
})

test('once the past has been read, every attempt is counted, even after the clock was set back', () => {
  const ledger = createLedger({ ...emptyLedger, begunAt: 5000 })
  ledger.endPast()
  const later = createLedger(ledger.toData(new Map()))
  later.addFinished(finished('success', 100), 100)
  assert.deepEqual(later.sources.get(key)?.attempts, { success: 1, failed: 0, incomplete: 0 })
})

test('a source whose attempts were never watched takes its newest snapshot as its last attempt', () => {
  const ledger = createLedger(emptyLedger)
  ledger.addSnapshots(
    source,
    [snapshot({}), snapshot({ startedAt: 20, endedAt: 25, fatalErrors: 1, sizeBytes: 90 })],
    askedAt(50),
  )
  const state = ledger.sources.get(key)
  assert.deepEqual(
    [state?.lastAttempt?.outcome, state?.lastAttempt?.endedAt, state?.lastSuccessAt],
    ['failed', 25, 12],
  )
  assert.equal(state?.held?.newest?.sizeBytes, 90)
  ledger.addFinished(finished('success', 60), 60)
  ledger.addSnapshots(source, [snapshot({ fatalErrors: 1 })], askedAt(70))
  assert.equal(ledger.sources.get(key)?.lastAttempt?.outcome, 'success')
})

test('a snapshot that no log and no hook reported counts as an attempt, once', () => {
  const ledger = createLedger({ ...emptyLedger, begunAt: 1 })
  const elsewhere = snapshot({ id: 'b', startedAt: 400, endedAt: 405 })
  const checkpoint = snapshot({ id: 'c', startedAt: 500, endedAt: 505, incomplete: 'checkpoint' })
  const inTheFuture = snapshot({ id: 'd', startedAt: 5000, endedAt: 5005 })
  ledger.addFinished({ ...finished('failed', 300), snapshotId: 'a' }, 300)
  for (const time of [600, 700]) {
    ledger.addSnapshots(
      source,
      [snapshot({ startedAt: 301 }), elsewhere, checkpoint, inTheFuture],
      askedAt(time),
    )
  }
  const state = ledger.sources.get(key)
  assert.deepEqual(state?.attempts, { success: 1, failed: 1, incomplete: 0 })
  assert.deepEqual(
    [state?.lastAttempt?.endedAt, state?.lastSuccessAt, state?.consecutiveFailures],
    [405, 405, 0],
  )
})

test('a snapshot that is found before its run is read counts once, with the figures of the run', () => {
  const ledger = createLedger(emptyLedger)
  ledger.begin(0)
  ledger.addFinished(finished('success', 5), 5)
  ledger.addSnapshots(source, [snapshot({ id: 'b' })], askedAt(20))
  ledger.addFinished({ ...finished('success', 13), snapshotId: 'b' }, 21)
  const state = ledger.sources.get(key)
  assert.deepEqual(state?.attempts, { success: 2, failed: 0, incomplete: 0 })
  assert.deepEqual([state?.lastAttempt?.endedAt, state?.lastSuccessAt], [13, 13])
})

test('the run of a new source is counted although its snapshot was found before', () => {
  const ledger = createLedger(emptyLedger)
  ledger.begin(0)
  ledger.addSnapshots(source, [snapshot({ id: 'b' })], askedAt(20))
  ledger.addFinished({ ...finished('success', 13), snapshotId: 'b' }, 21)
  assert.deepEqual(ledger.sources.get(key)?.attempts, { success: 1, failed: 0, incomplete: 0 })
})

test('of two runs at a time, the older one that settles last is counted and changes nothing else', () => {
  const ledger = createLedger({ ...emptyLedger, begunAt: 1 })
  ledger.addFinished({ ...finished('success', 20), snapshotId: 'newer' }, 21)
  ledger.addFinished({ ...finished('failed', 10), snapshotId: 'older' }, 22)
  ledger.addSnapshots(source, [snapshot({ id: 'newer', startedAt: 18, endedAt: 20 })], askedAt(23))
  const state = ledger.sources.get(key)
  assert.deepEqual(state?.attempts, { success: 1, failed: 1, incomplete: 0 })
  assert.deepEqual([state?.lastAttempt?.outcome, state?.consecutiveFailures], ['success', 0])
})

test('after the clock was set back, the next attempt is the last one', () => {
  const ledger = createLedger({ ...emptyLedger, begunAt: 1 })
  ledger.addFinished(finished('success', 5000), 5000)
  ledger.addFinished(finished('failed', 1500), 1500)
  assert.equal(ledger.sources.get(key)?.lastAttempt?.outcome, 'failed')
})

test('where unchanged backups leave no snapshot, the interval is learned from the successful attempts', () => {
  const ledger = createLedger({ ...emptyLedger, begunAt: 1 })
  const snapshots = [0, 20, 40].map((days) =>
    snapshot({ id: `${days}`, startedAt: days * day, endedAt: days * day + 60 }),
  )
  ledger.addSnapshots(source, snapshots, askedAt(41 * day))
  const intervals = () => {
    const state = ledger.sources.get(key)
    assert.ok(state)
    return expectedIntervalOf(state, limitContextOf(ledger, defaultLimitSettings, 50 * day))
  }
  assert.deepEqual(intervals(), { seconds: 20 * day, origin: 'learned' })
  const policy = {
    target: '',
    intervalSeconds: 0,
    minutesOfDay: [],
    cron: [],
    isManual: false,
    ignoresIdentical: true,
  }
  ledger.updateRepository({ policies: [policy] })
  assert.deepEqual(intervals(), { seconds: 20 * day, origin: 'learned' })
  for (const days of [41, 42, 43, 44]) {
    ledger.addFinished(finished('success', days * day + 60), days * day + 60)
    ledger.addFinished(finished('failed', days * day + 600), days * day + 600)
  }
  assert.deepEqual(intervals(), { seconds: day, origin: 'learned' })
})

test('the interval of a source is learned from the median gap of its snapshots, and a policy overrides it', () => {
  const times = [0, 3600, 7200, 20_000, 23_600, 27_200]
  const snapshots = times.map((startedAt) => snapshot({ startedAt, endedAt: startedAt + 60 }))
  assert.equal(intervalOfSnapshots(snapshots), 3600)
  assert.equal(intervalOfSnapshots(snapshots.slice(0, 2)), undefined)
  const ledger = createLedger(emptyLedger)
  ledger.addSnapshots(source, snapshots, askedAt(30_000))
  const state = ledger.sources.get(key)
  assert.ok(state)
  assert.deepEqual(expectedIntervalOf(state, limitContextOf(ledger, defaultLimitSettings, 50 * day)), {
    seconds: 3600,
    origin: 'learned',
  })
  const policy = { target: '', intervalSeconds: 60, minutesOfDay: [], cron: [], isManual: false }
  ledger.updateRepository({ policies: [policy] })
  assert.deepEqual(expectedIntervalOf(state, limitContextOf(ledger, defaultLimitSettings, 50 * day)), {
    seconds: 60,
    origin: 'policy',
  })
})

test('the answer to an earlier question does not replace that to a later one', () => {
  const ledger = createLedger(emptyLedger)
  ledger.addSnapshots(source, [snapshot({ sizeBytes: 2 })], askedAt(50))
  ledger.addSnapshots(source, [snapshot({ sizeBytes: 1 })], askedAt(40))
  assert.equal(ledger.sources.get(key)?.held?.newest?.sizeBytes, 2)
})

test('a snapshot counts in each type that keeps it', () => {
  const counts = countSnapshots([
    snapshot({ retentionReasons: ['latest-1', 'daily-1'], pins: ['keep'] }),
    snapshot({ retentionReasons: ['latest-2'] }),
    snapshot({ incomplete: 'checkpoint', retentionReasons: [] }),
  ])
  assert.deepEqual(counts, {
    latest: 2,
    hourly: 0,
    daily: 1,
    weekly: 0,
    monthly: 0,
    annual: 0,
    pinned: 1,
    incomplete: 1,
    all: 3,
  })
})

test('what is known of the setup and of commands is kept over a restart', () => {
  const ledger = createLedger(emptyLedger)
  assert.deepEqual(ledger.setup, unknownSetup)
  ledger.updateSetup({ otherConfigurations: ['/b.config'] })
  ledger.updateSetup({ processesVisible: false })
  ledger.addCommand('snapshot create', 10)
  ledger.addCommand('snapshot create', 20, 'it broke')
  const later = createLedger(JSON.parse(JSON.stringify(ledger.toData(new Map()))))
  assert.deepEqual(later.setup, { otherConfigurations: ['/b.config'], processesVisible: false })
  const failed = { result: 'failed', endedAt: 20, lastSuccessAt: 10, reason: 'it broke' }
  assert.deepEqual(later.commands.get('snapshot create'), failed)
  later.addCommand('snapshot create', 30)
  assert.deepEqual(later.commands.get('snapshot create'), {
    result: 'success',
    endedAt: 30,
    lastSuccessAt: 30,
  })
})

test('the end of a command in an older ledger is not known, so the next one counts', () => {
  const commands = { 'snapshot create': { result: 'failed', lastSuccessAt: 10 } } as const
  const ledger = createLedger({ ...emptyLedger, commands })
  ledger.addCommand('snapshot create', 5, undefined, 100)
  assert.equal(ledger.commands.get('snapshot create')?.result, 'success')
})

test('a saved ledger is loaded again, and only its owner may read the file', async (context) => {
  const folder = await temporaryFolder(context)
  assert.equal((await loadLedger(folder, 1)).kind, 'new')
  const ledger = createLedger(emptyLedger)
  ledger.begin(1)
  ledger.addFinished(finished('success', 300), 300)
  await saveLedger(folder, ledger.toData(new Map()))
  const loaded = await loadLedger(folder, 2)
  assert.equal(loaded.kind, 'loaded')
  assert.deepEqual(createLedger(loaded.data).sources, ledger.sources)
  const modes = await Promise.all(
    [folder, join(folder, 'ledger.json')].map(async (path) => (await stat(path)).mode & 0o777),
  )
  assert.deepEqual(modes, [0o700, 0o600])
})

test('a file that is no ledger is set aside', async (context) => {
  for (const content of [
    '',
    '{"version":1',
    '{"version":2}',
    '{"version":"3"}',
    '{"version":0.5}',
    '[]',
    'null',
    '{"version":1,"sources":5}',
    '{"version":1,"sources":{},"repository":{},"commands":{},"runs":5}',
  ]) {
    const folder = await temporaryFolder(context)
    await writeFile(join(folder, 'ledger.json'), content)
    const loaded = await loadLedger(folder, 1234.5)
    assert.equal(loaded.kind, 'unreadable', content)
    assert.deepEqual(await readdir(folder), ['ledger.json.unreadable-1234'])
    assert.equal(await readFile(join(folder, 'ledger.json.unreadable-1234'), 'utf8'), content)
  }
})

test('a half-written ledger does not replace the old one', async (context) => {
  const folder = await temporaryFolder(context)
  await saveLedger(folder, emptyLedger)
  await writeFile(join(folder, 'ledger.json.part'), '{"version":1,"sour')
  assert.equal((await loadLedger(folder, 1)).kind, 'loaded')
})
