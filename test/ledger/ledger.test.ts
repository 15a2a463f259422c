import assert from 'node:assert/strict'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Snapshot } from '../../agent/kopia/cli/snapshots.ts'
import type { FinishedAttempt, Outcome } from '../../agent/kopia/runs/outcome.ts'
import { expectedIntervalOf } from '../../agent/ledger/expected-interval.ts'
import { createLedger, emptyLedger } from '../../agent/ledger/ledger.ts'
import { countSnapshots, summarizeSnapshots } from '../../agent/ledger/snapshot-summary.ts'
import { loadLedger, saveLedger } from '../../agent/ledger/store.ts'
import { temporaryFolder } from '../support/folder.ts'
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

test('attempts are counted from the beginning on, and what lay there before is not, also when read later', () => {
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

test('once the past is read all that is read is counted, though the clock was set back', () => {
  const ledger = createLedger({ ...emptyLedger, begunAt: 5000 })
  ledger.endPast()
  const later = createLedger(ledger.toData(new Map()))
  later.addFinished(finished('success', 100), 100)
  assert.deepEqual(later.sources.get(key)?.attempts, { success: 1, failed: 0, incomplete: 0 })
})

test('a source whose attempts nobody saw is judged by its newest snapshot', () => {
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

test('a snapshot that nobody saw being made is an attempt, once', () => {
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

test('a snapshot that was found before its run was read is counted once, and told as the run tells it', () => {
  const ledger = createLedger(emptyLedger)
  ledger.begin(0)
  ledger.addFinished(finished('success', 5), 5)
  ledger.addSnapshots(source, [snapshot({ id: 'b' })], askedAt(20))
  ledger.addFinished({ ...finished('success', 13), snapshotId: 'b' }, 21)
  const state = ledger.sources.get(key)
  assert.deepEqual(state?.attempts, { success: 2, failed: 0, incomplete: 0 })
  assert.deepEqual([state?.lastAttempt?.endedAt, state?.lastSuccessAt], [13, 13])
})

test('the snapshot of a new source, found before its first run was read, does not keep the run from being counted', () => {
  const ledger = createLedger(emptyLedger)
  ledger.begin(0)
  ledger.addSnapshots(source, [snapshot({ id: 'b' })], askedAt(20))
  ledger.addFinished({ ...finished('success', 13), snapshotId: 'b' }, 21)
  assert.deepEqual(ledger.sources.get(key)?.attempts, { success: 1, failed: 0, incomplete: 0 })
})

test('of two runs at the same time the older, settled last, is counted and changes nothing else', () => {
  const ledger = createLedger({ ...emptyLedger, begunAt: 1 })
  ledger.addFinished({ ...finished('success', 20), snapshotId: 'newer' }, 21)
  ledger.addFinished({ ...finished('failed', 10), snapshotId: 'older' }, 22)
  ledger.addSnapshots(source, [snapshot({ id: 'newer', startedAt: 18, endedAt: 20 })], askedAt(23))
  const state = ledger.sources.get(key)
  assert.deepEqual(state?.attempts, { success: 1, failed: 1, incomplete: 0 })
  assert.deepEqual([state?.lastAttempt?.outcome, state?.consecutiveFailures], ['success', 0])
})

test('after the clock was set back, the next attempt is the last all the same', () => {
  const ledger = createLedger({ ...emptyLedger, begunAt: 1 })
  ledger.addFinished(finished('success', 5000), 5000)
  ledger.addFinished(finished('failed', 1500), 1500)
  assert.equal(ledger.sources.get(key)?.lastAttempt?.outcome, 'failed')
})

test('where backups that change nothing leave no snapshot, how often is learned from the backups that went well', () => {
  const ledger = createLedger({ ...emptyLedger, begunAt: 1 })
  const snapshots = [0, 20, 40].map((days) =>
    snapshot({ id: `${days}`, startedAt: days * day, endedAt: days * day + 60 }),
  )
  ledger.addSnapshots(source, snapshots, askedAt(41 * day))
  const intervals = () => {
    const state = ledger.sources.get(key)
    assert.ok(state)
    return expectedIntervalOf(state, ledger.repository.policies)
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

test('how often a source is backed up is learned from the median gap of its snapshots', () => {
  const times = [0, 3600, 7200, 20_000, 23_600, 27_200]
  const snapshots = times.map((startedAt) => snapshot({ startedAt }))
  assert.equal(summarizeSnapshots(snapshots).usualIntervalSeconds, 3600)
  assert.equal(summarizeSnapshots(snapshots.slice(0, 2)).usualIntervalSeconds, undefined)
  const ledger = createLedger(emptyLedger)
  ledger.addSnapshots(source, snapshots, askedAt(30_000))
  const state = ledger.sources.get(key)
  assert.ok(state)
  assert.deepEqual(expectedIntervalOf(state, ledger.repository.policies), {
    seconds: 3600,
    origin: 'learned',
  })
  const policy = { target: '', intervalSeconds: 60, minutesOfDay: [], cron: [], isManual: false }
  ledger.updateRepository({ policies: [policy] })
  assert.deepEqual(expectedIntervalOf(state, ledger.repository.policies), { seconds: 60, origin: 'policy' })
})

test('an older answer does not replace a newer one', () => {
  const ledger = createLedger(emptyLedger)
  ledger.addSnapshots(source, [snapshot({ sizeBytes: 2 })], askedAt(50))
  ledger.addSnapshots(source, [snapshot({ sizeBytes: 1 })], askedAt(40))
  assert.equal(ledger.sources.get(key)?.held?.newest?.sizeBytes, 2)
})

test('snapshots count in each type that holds them', () => {
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

test('what is saved is loaded, and only its owner may read it', async (context) => {
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

test('a ledger that can not be read is kept aside', async (context) => {
  for (const content of ['', '{"version":1', '{"version":2}', '[]', '{"version":1,"sources":5}']) {
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
