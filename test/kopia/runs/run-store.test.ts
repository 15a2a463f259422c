import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newRun, type Run, type SettledRun } from '../../../agent/kopia/runs/run.ts'
import { canBeForgotten, createRunStore } from '../../../agent/kopia/runs/run-store.ts'

const settled: SettledRun = {
  state: 'settled',
  processId: 42,
  wasSeenAlive: true,
  startedAt: 900,
  endedAt: 1000,
}
const day = 24 * 3600

test('a settled run is forgotten once its log is gone, but not if there is no log at all', () => {
  const forgets = (...logs: readonly string[]) => canBeForgotten('r', settled, new Set(logs), 1000)
  assert.deepEqual([forgets('r'), forgets('other'), forgets()], [false, true, false])
  assert.equal(canBeForgotten('r', newRun(42, 'snapshot-create'), new Set(['other']), 1000), false)
})

test('a settled run that only hooks reported is forgotten after a week', () => {
  const forgets = (at: number) => canBeForgotten('hooks-42-c1', settled, new Set(), at)
  assert.deepEqual([forgets(1000 + 7 * day), forgets(1001 + 7 * day)], [false, true])
})

test('the store remembers when a run was first seen', () => {
  let now = 1000
  const store = createRunStore(new Map([['known', newRun(1, 'snapshot-create')]]), () => now)
  now = 2000
  store.set('new', newRun(2, 'snapshot-create'))
  now = 3000
  store.set('new', { ...newRun(2, 'snapshot-create'), lastSignAt: 2500 })
  assert.deepEqual([store.firstSeenAt('known'), store.firstSeenAt('new')], [1000, 2000])
  assert.deepEqual(
    store.openRuns().map(([runId, { lastSignAt }]) => [runId, lastSignAt]),
    [
      ['known', 0],
      ['new', 2500],
    ],
  )
  store.delete('new')
  assert.deepEqual([...store.runs.keys()], ['known'])
})

test('only an ended run can be settled, and only an open run loses a settled attempt', () => {
  const attempt = {
    source: { user: 'root', host: 'vm', path: '/data' },
    origin: 'server',
    startedAt: 1,
  } as const
  const run = newRun(1, 'server-start')
  const open = { ...run, evidence: { ...run.evidence, attempts: [attempt] } }
  const store = createRunStore(
    new Map<string, Run>([
      ['open', open],
      ['ended', { ...open, state: 'ended', endedAt: 9 }],
    ]),
    () => 1000,
  )
  for (const runId of ['open', 'ended']) {
    store.settleAttempt(runId, attempt, undefined)
    store.settle(runId, 'told')
  }
  const [one, other] = [store.runs.get('open'), store.runs.get('ended')]
  assert.deepEqual(one?.state === 'open' && one.evidence.attempts, [])
  assert.deepEqual(other, { state: 'settled', processId: 1, wasSeenAlive: false, startedAt: 1, endedAt: 9 })
})

test('a run is read on while it is new or open, or if silence alone has ended it', () => {
  const reopening = newRun(42, 'snapshot-create')
  const runs: Readonly<Record<string, Run>> = {
    open: newRun(42, 'snapshot-create'),
    ended: { ...newRun(42, 'snapshot-create'), state: 'ended', endedAt: 9 },
    settled,
    silent: { ...settled, reopening },
  }
  const store = createRunStore(new Map(Object.entries(runs)), () => 1000)
  assert.deepEqual(
    ['new', 'open', 'ended', 'settled', 'silent'].map((runId) => store.isReadOn(runId)),
    [true, true, false, false, true],
  )
})

test('how a silent run would go on is forgotten after a week, and the run itself with its log', () => {
  const reopening = newRun(42, 'snapshot-create')
  const clock = { now: 1000 + 7 * day }
  const store = createRunStore(new Map([['r', { ...settled, reopening }]]), () => clock.now)
  store.forgetSettled(new Set(['r']))
  assert.equal(store.isReadOn('r'), true)
  clock.now += 1
  store.forgetSettled(new Set(['r']))
  assert.deepEqual([...store.runs], [['r', settled]])
  store.forgetSettled(new Set(['other']))
  assert.deepEqual([...store.runs], [])
})
