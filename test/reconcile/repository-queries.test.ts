import assert from 'node:assert/strict'
import { test } from 'node:test'
import { data, mail, snapshotAt, startReconciling } from '../support/reconciling.ts'
import { askedAt } from '../support/snapshots.ts'

test('an answer knows its question, what it is about, and the policies of the moment', async (context) => {
  const { kopia, ledger, repositoryQueries, clock } = await startReconciling(context)
  kopia.held = [snapshotAt('i1', 0), snapshotAt('i2', 0, mail)]
  const all = await repositoryQueries.snapshots(undefined)
  clock.now += 5
  const one = await repositoryQueries.snapshots(data)
  assert.ok(all.kind === 'snapshots' && one.kind === 'snapshots')
  assert.deepEqual([[...all.bySource.keys()], all.about], [['root@vm:/data', 'root@vm:/mail'], undefined])
  assert.deepEqual(
    [one.about, one.question],
    [data, { number: 2, askedAt: clock.now, answeredAt: clock.now }],
  )
  assert.equal(one.ignoresIdentical(data), false)
  const policy = { target: '', intervalSeconds: 0, minutesOfDay: [], cron: [], isManual: false }
  ledger.updateRepository({ policies: [{ ...policy, ignoresIdentical: true }] })
  assert.equal(one.ignoresIdentical(data), true)
})

test('which snapshot was the newest before: none where the repository held none, an unknown one in an old ledger', async (context) => {
  const { ledger, repositoryQueries } = await startReconciling(context)
  const before = async () => {
    const answer = await repositoryQueries.snapshots(data)
    return answer.kind === 'snapshots' ? answer.newestIdBefore(data) : assert.fail()
  }
  assert.equal(await before(), undefined, 'the repository was asked, and had nothing of the source')
  ledger.addSnapshots(data, [], askedAt(1))
  assert.equal(await before(), undefined)
  ledger.addSnapshots(data, [snapshotAt('i1', 0)], askedAt(2))
  assert.equal(await before(), 'i1')
})

test('before the repository was asked for the first time, any snapshot may be old', async (context) => {
  const { repositoryQueries } = await startReconciling(context, { ledger: { isPastRead: false } })
  const answer = await repositoryQueries.snapshots(data)
  assert.equal(answer.kind === 'snapshots' && answer.newestIdBefore(data), '')
})

test('policies and figures are not asked for where Kopia does not answer the first question', async (context) => {
  const { kopia, repositoryQueries } = await startReconciling(context)
  assert.equal(repositoryQueries.isReachable(), undefined)
  kopia.refuse = () => 'no route to host'
  await repositoryQueries.refreshIdentity()
  await repositoryQueries.refreshFigures()
  assert.deepEqual(kopia.questions, ['repository status', 'repository status'])
  assert.equal(repositoryQueries.isReachable(), false)
  assert.deepEqual(await repositoryQueries.snapshots(undefined), { kind: 'unavailable' })
})

test('identity and figures go into the ledger', async (context) => {
  const { kopia, ledger, repositoryQueries } = await startReconciling(context)
  kopia.connected = { ...kopia.connected, host: 'new' }
  const policy = { target: '', intervalSeconds: 60, minutesOfDay: [], cron: [], isManual: false }
  kopia.policyList = [policy]
  await repositoryQueries.refreshIdentity()
  await repositoryQueries.refreshFigures()
  const { status, policies, blobs, contentsBytes } = ledger.repository
  assert.deepEqual(
    [status?.host, policies, blobs, contentsBytes],
    ['new', [policy], { count: 1, sizeBytes: 2 }, 3],
  )
})

test('the ledger says since when Kopia does not answer, until it does', async (context) => {
  const { kopia, ledger, repositoryQueries, clock } = await startReconciling(context)
  await repositoryQueries.refreshIdentity()
  assert.equal(ledger.repository.unreachableSince, undefined)
  const since = clock.now
  kopia.refuse = () => 'no route to host'
  await repositoryQueries.refreshIdentity()
  clock.now += 60
  await repositoryQueries.snapshots(undefined)
  assert.equal(ledger.repository.unreachableSince, since)
  kopia.refuse = () => undefined
  await repositoryQueries.snapshots(undefined)
  assert.equal(ledger.repository.unreachableSince, undefined)
})
