import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bySource, type Snapshot } from '../../agent/kopia/cli/snapshots.ts'
import { formatSource, type Source } from '../../agent/kopia/source.ts'
import { createLedger, emptyLedger, type RepositoryState } from '../../agent/ledger/ledger.ts'
import { createLedgerEntries, type LedgerEntriesOptions } from '../../agent/reconcile/ledger-entries.ts'
import type { SnapshotsAnswer } from '../../agent/reconcile/repository-queries.ts'
import { status } from '../support/fake-kopia.ts'
import { createLogRecorder } from '../support/log-recorder.ts'
import { begin, counters, data, failedBefore, mail, snapshotAt } from '../support/reconciling.ts'

const day = 24 * 3600
const nothing = new Set<string>()
const policyOf = (source: Source) => ({
  target: formatSource(source),
  intervalSeconds: 3600,
  minutesOfDay: [],
  cron: [],
  isManual: false,
})

function createSetup(change: Partial<LedgerEntriesOptions> = {}, repository: RepositoryState = {}) {
  const clock = { now: begin }
  const ledger = createLedger({
    ...emptyLedger,
    begunAt: 1,
    repository: { status, policies: [], ...repository },
  })
  const log = createLogRecorder()
  const found: string[] = []
  const entries = createLedgerEntries({
    ledger,
    isWanted: () => true,
    isWantedHere: () => true,
    unexplained: { note: (_, snapshots) => void found.push(...snapshots.map(({ id }) => id)) },
    nowSeconds: () => clock.now,
    log,
    ...change,
  })
  let questions = 0
  /** Asks at this time, in seconds after the begin: enters what the repository holds, and removes what has gone. */
  const askAt = (seconds: number, ...held: readonly Snapshot[]) => {
    clock.now = begin + seconds
    const answer = answerOf(held)
    entries.enterSnapshots(answer, nothing)
    entries.removeGoneSources(answer, nothing)
  }
  const answerOf = (
    held: readonly Snapshot[],
    about?: Source,
  ): Extract<SnapshotsAnswer, { kind: 'snapshots' }> => {
    questions += 1
    return {
      kind: 'snapshots',
      bySource: bySource(held),
      ignoresIdentical: () => false,
      newestIdBefore: () => undefined,
      question: { number: questions, askedAt: clock.now, answeredAt: clock.now },
      about,
    }
  }
  const names = () => [...ledger.sources.values()].map(({ source }) => source.path)
  return { clock, ledger, log, found, entries, askAt, answerOf, names }
}

test('a source that loses all its snapshots stays with counts of 0 and its interval, and leaves after a day', () => {
  const { ledger, log, askAt, names } = createSetup()
  const held = [0, 3600, 7200, 10_800].map((at) => snapshotAt(`i${at}`, at))
  askAt(11_000, ...held)
  const lostAt = 12_000
  askAt(lostAt)
  askAt(lostAt + 600)
  const state = ledger.sources.get('root@vm:/data')
  assert.deepEqual([state?.held?.counts.all, state?.usualIntervalSeconds], [0, 3600])
  assert.deepEqual([state?.goneSince, state?.lastSuccessAt], [begin + lostAt, begin + 10_802])
  askAt(lostAt + day - 1)
  assert.deepEqual(names(), ['/data'])
  askAt(lostAt + day)
  assert.deepEqual(names(), [])
  assert.deepEqual(log.lines('info'), [
    'root@vm:/data: no longer reported, since neither a snapshot nor a policy of it has been left for long.',
  ])
})

test('a source with a policy of its own never leaves; once the policy is deleted, a day without snapshots suffices', () => {
  const { ledger, askAt, names } = createSetup({}, { policies: [policyOf(data)] })
  askAt(10, snapshotAt('i1', 0))
  askAt(20)
  askAt(90 * day)
  assert.deepEqual(names(), ['/data'])
  ledger.updateRepository({ policies: [policyOf(mail)] })
  askAt(90 * day + 60)
  assert.deepEqual(names(), [])
})

test('a snapshot that comes back ends the loss', () => {
  const { ledger, askAt } = createSetup()
  askAt(10, snapshotAt('i1', 0))
  askAt(20)
  assert.equal(ledger.sources.get('root@vm:/data')?.goneSince, begin + 20)
  askAt(100, snapshotAt('i2', 60))
  assert.equal(ledger.sources.get('root@vm:/data')?.goneSince, undefined)
})

test('nothing is removed while the configuration is connected to another repository', () => {
  const changedTo = { ...status, repositoryId: 'other' }
  const { ledger, askAt, names } = createSetup({}, { changedTo })
  ledger.addFinished({ ...failedBefore, outcome: 'success' }, begin)
  for (const days of [80, 90]) askAt(days * day, snapshotAt('i1', 0, mail))
  assert.deepEqual(names(), ['/data', '/mail'])
  ledger.updateRepository({ changedTo: undefined })
  askAt(91 * day, snapshotAt('i1', 0, mail))
  assert.deepEqual(names(), ['/mail'])
})

test('nothing is removed before the policies are known, nor by an answer that did not come', () => {
  const { ledger, entries, clock, askAt, names } = createSetup({}, { policies: undefined as never })
  ledger.addSource(data, begin)
  askAt(90 * day)
  assert.deepEqual(names(), ['/data'])
  ledger.updateRepository({ policies: [] })
  clock.now = begin + 90 * day
  entries.removeGoneSources({ kind: 'unavailable' }, nothing)
  entries.removeGoneSources({ kind: 'interrupted' }, nothing)
  assert.deepEqual(names(), ['/data'])
})

test('a source that runs, that was tried within a day, or that was asked about since is not removed', () => {
  const { ledger, entries, clock, answerOf, names } = createSetup()
  ledger.addSource(data, begin - 9 * day)
  const early = answerOf([])
  entries.removeGoneSources(early, new Set(['root@vm:/data']))
  assert.deepEqual(names(), ['/data'])
  ledger.addFinished({ ...failedBefore, endedAt: begin - day + 1 }, begin)
  entries.removeGoneSources(early, nothing)
  assert.deepEqual(names(), ['/data'])
  clock.now = begin + 1
  ledger.addSnapshots(data, [snapshotAt('i1', -9 * day)], answerOf([]).question)
  entries.removeGoneSources(early, nothing)
  assert.deepEqual(names(), ['/data'])
  entries.removeGoneSources(answerOf([]), nothing)
  assert.deepEqual(names(), [])
})

test('what the settings leave out is removed at once', () => {
  const { ledger, log, askAt, names } = createSetup({ isWanted: ({ path }) => path !== '/mail' })
  ledger.addSource(mail, begin)
  askAt(0, snapshotAt('i1', 0), snapshotAt('i2', 0, mail))
  assert.deepEqual(names(), ['/data'])
  assert.deepEqual(log.lines('info'), ['root@vm:/mail: no longer reported, since the settings leave it out.'])
})

test('snapshots of a source whose attempt is not settled are left to it; no other is said to be unexplained', () => {
  const { ledger, entries, found, answerOf } = createSetup()
  for (const source of [data, mail]) ledger.addFinished({ ...failedBefore, source }, begin)
  const held = [snapshotAt('i1', 1), snapshotAt('i2', 1, mail)]
  entries.enterSnapshots(answerOf(held), new Set(['root@vm:/data']))
  assert.deepEqual(found, [])
  assert.deepEqual(ledger.sources.get('root@vm:/data')?.held, undefined)
  entries.enterSnapshots(
    { ...answerOf(held), question: { number: 9, askedAt: begin + 9, answeredAt: begin + 9 } },
    nothing,
  )
  assert.deepEqual(found, ['i1', 'i2'])
})

test('an answer about one source says nothing of the others', () => {
  const { ledger, entries, answerOf } = createSetup()
  for (const source of [data, mail])
    ledger.addFinished({ ...failedBefore, source, outcome: 'success' }, begin)
  entries.enterSnapshots(answerOf([], data), nothing)
  assert.deepEqual(
    [...ledger.sources.values()].map(({ goneSince }) => goneSince),
    [begin, undefined],
  )
})

test('what this machine begins and finishes is entered under whatever name, with who backed it up', () => {
  const override = { user: 'db', host: 'cluster', path: '/data' }
  const { ledger, entries } = createSetup({
    isWanted: () => false,
    isWantedHere: ({ path }) => path !== '/mail',
  })
  entries.enterBeginning(override)
  entries.enterBeginning(mail)
  entries.enterAttempt({ ...failedBefore, source: mail })
  const state = () => ledger.sources.get('db@cluster:/data')
  assert.deepEqual([state()?.attempts, state()?.backedUpAs], [counters.none, 'root@vm'])
  ledger.updateRepository({ status: { ...status, host: 'new' } })
  entries.enterAttempt({ ...failedBefore, source: override })
  assert.deepEqual([state()?.attempts, state()?.backedUpAs], [counters.oneFailure, 'root@new'])
  assert.equal(ledger.sources.size, 1)
})

test('an outcome is logged with its reason, and one from before the first start is not', () => {
  const { entries, log } = createSetup()
  entries.enterAttempt({ ...failedBefore, reason: 'the disk is full' })
  entries.enterAttempt({ ...failedBefore, endedAt: 0.5 })
  assert.deepEqual(log.lines('warn'), ['root@vm:/data: failed after 10.000 s: the disk is full'])
  assert.deepEqual(log.lines('info'), [])
})

test('an answer that did not come enters nothing', () => {
  const { entries, ledger } = createSetup()
  entries.enterSnapshots({ kind: 'unavailable' }, nothing)
  assert.equal(ledger.sources.size, 0)
})
