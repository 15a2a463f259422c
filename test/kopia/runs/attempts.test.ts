import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  attemptsUnderWay,
  finishedAttempts,
  finishedHookAttempts,
  isOfSettled,
  settleRun,
  withoutAttempt,
} from '../../../agent/kopia/runs/attempts.ts'
import { type Attempt, noEvidence } from '../../../agent/kopia/runs/evidence.ts'
import { type EndedRun, type HookCall, newRun } from '../../../agent/kopia/runs/run.ts'
import { holding, makeSnapshot } from '../../support/snapshots.ts'

const source = { user: 'root', host: 'vm', path: '/data/x' }
const attempt: Attempt = { source, origin: 'command', startedAt: 1 }
const before: HookCall = {
  action: 'before',
  phase: 'call',
  callId: 'a1',
  path: '/data/x',
  processId: 42,
  at: 1000,
}
const after: HookCall = { ...before, action: 'after', at: 1009 }

function ended(change: Partial<EndedRun>): EndedRun {
  return { ...newRun(42, 'snapshot-create'), state: 'ended', endedAt: 1010, lastSignAt: 1010, ...change }
}

test('the calls of hooks alone make an attempt, and the repository decides its outcome', () => {
  const snapshot = makeSnapshot({ id: 'be3a', source, startedAt: 999.99, endedAt: 1009.5 })
  const run = ended({ hookCalls: [before, after] })
  const held = holding(snapshot)
  assert.deepEqual(
    settleRun(run, held, source)?.map(({ source: { path }, outcome, durationSeconds }) => ({
      path,
      outcome,
      durationSeconds,
    })),
    [{ path: '/data/x', outcome: 'success', durationSeconds: 9.5 }],
  )
  assert.equal(settleRun(run, holding(), source)?.[0]?.outcome, 'failed')
  assert.equal(settleRun(run, { kind: 'unavailable' }, source), undefined)
  assert.equal(settleRun(run, held, undefined), undefined)
})

test('an attempt that both the log and the hooks report is one attempt', () => {
  const reported = {
    ...attempt,
    startedAt: 999.9,
    reportedResult: { kind: 'identical' },
    reportedAt: 1009.8,
    uploadErrors: 0,
  } as const
  const evidence = { ...noEvidence, attempts: [reported], repository: 'closed' } as const
  const finished = settleRun(ended({ evidence, hookCalls: [before, after] }), { kind: 'unavailable' }, source)
  assert.deepEqual(
    finished?.map(({ outcome }) => outcome),
    ['success'],
  )
})

test('in a running process, the after-action ends an attempt that only hooks report', () => {
  const run = { ...newRun(42, 'server-start'), hookCalls: [before, after] }
  assert.deepEqual(finishedHookAttempts(run, source, 1009.5, 1), [])
  assert.deepEqual(
    finishedHookAttempts(run, source, 1010, 1).map(({ startedAt, finishedAt }) => [startedAt, finishedAt]),
    [[1000, 1009]],
  )
  const onlyBegun = { ...run, hookCalls: [before] }
  assert.deepEqual(finishedHookAttempts(onlyBegun, source, 2000, 1), [])
  const serverError = { message: 'snapshot error', at: 1005 }
  const failed = { ...onlyBegun, preview: { ...noEvidence, serverError } }
  assert.equal(finishedHookAttempts(failed, source, 2000, 1).length, 1)
})

test('a settled attempt is removed from its run, together with its hook calls', () => {
  const first = { ...attempt, startedAt: 999.9, finishedAt: 1009.9 }
  const second = { ...attempt, startedAt: 1020 }
  const laterCall = { ...before, callId: 'b2', at: 1020.1 }
  const run = {
    ...newRun(42, 'server-start'),
    hookCalls: [before, after, laterCall],
    evidence: { ...noEvidence, attempts: [first, second] },
  }
  const left = withoutAttempt(run, first, 'success')
  assert.deepEqual([left.evidence.attempts, left.hookCalls], [[second], [laterCall]])
  assert.deepEqual(
    [after, laterCall].map((call) => isOfSettled(left, call)),
    [true, false],
  )
})

const created = { reportedResult: { kind: 'created', snapshotId: 'be3a' }, reportedAt: 20 } as const
const on = (path: string, change: Partial<Attempt> = {}): Attempt => ({
  ...attempt,
  source: { ...source, path },
  ...change,
})

test('the attempts of a command that goes on have finished once it has flushed, each with its result', () => {
  const attempts = [on('/a', created), on('/b', { ...created, reportedAt: 30 }), on('/c')]
  const finished = (flushedAt?: number) =>
    finishedAttempts({
      ...newRun(42, 'snapshot-create'),
      evidence: { ...noEvidence, attempts, ...(flushedAt !== undefined && { flushedAt }) },
    }).map(({ source: { path }, finishedAt }) => [path, finishedAt])
  assert.deepEqual(finished(), [])
  assert.deepEqual(finished(35), [
    ['/a', 20],
    ['/b', 30],
    ['/c', 35],
  ])
})

test('the attempts of a server have finished one by one', () => {
  const attempts = [
    on('/a', { origin: 'server', finishedAt: 21 }),
    on('/b', { origin: 'server', ...created }),
  ]
  const run = { ...newRun(42, 'server-start'), evidence: { ...noEvidence, attempts, flushedAt: 35 } }
  assert.deepEqual(finishedAttempts(run), [attempts[0]])
})

test('an attempt that only a record without its end reports has not finished', () => {
  const preview = { ...noEvidence, attempts: [on('/a', created)], flushedAt: 35 }
  assert.deepEqual(finishedAttempts({ ...newRun(42, 'snapshot-create'), preview }), [])
})

test('all sources of a command are under way until it has flushed; hooks add those without a log', () => {
  const call = { ...before, path: '/hooked' }
  const evidence = { ...noEvidence, attempts: [on('/a', created), on('/b')] }
  const run = { ...newRun(42, 'snapshot-create'), preview: evidence, hookCalls: [call] }
  const pathsOf = (attempts: readonly Attempt[]) => attempts.map(({ source: { path } }) => path)
  assert.deepEqual(pathsOf(attemptsUnderWay(run, source)), ['/a', '/b', '/hooked'])
  assert.deepEqual(pathsOf(attemptsUnderWay(run, undefined)), ['/a', '/b'])
  const flushed = { ...run, preview: { ...evidence, flushedAt: 35 } }
  assert.deepEqual(pathsOf(attemptsUnderWay(flushed, source)), ['/hooked'])
  const called = { ...run, hookCalls: [call, { ...call, action: 'after' as const }] }
  assert.deepEqual(pathsOf(attemptsUnderWay(called, source)), ['/a', '/b'])
})

test('a run of several sources waits as a whole while one of them is not known', () => {
  const evidence = { ...noEvidence, attempts: [on('/a', created), on('/b')], finalError: 'flush error: …' }
  const run = ended({ evidence })
  assert.equal(settleRun(run, { kind: 'unavailable' }, source), undefined)
  const held = holding(makeSnapshot({ id: 'be3a', source: { ...source, path: '/a' } }))
  assert.deepEqual(
    settleRun(run, held, source)?.map(({ outcome }) => outcome),
    ['success', 'failed'],
  )
})

test('a run that only its silence ended says that its process may go on', () => {
  const evidence = { ...noEvidence, attempts: [attempt], newestRecordAt: 1005 }
  const reasonIn = (change: Partial<EndedRun>) =>
    settleRun(ended({ evidence, ...change }), holding(), source)?.[0]?.reason
  assert.equal(
    reasonIn({ isSilent: true }),
    'its log stops at 00:16:45 UTC, and the agent cannot see whether its process runs on',
  )
  assert.equal(
    reasonIn({}),
    'its log stops at 00:16:45 UTC: the process was killed, or the machine went down',
  )
})

test('an attempt that is settled as no success is remembered by its run', () => {
  const run = { ...newRun(42, 'server-start'), evidence: { ...noEvidence, attempts: [attempt] } }
  const marks = (['success', 'failed', 'incomplete'] as const).map(
    (outcome) => withoutAttempt(run, attempt, outcome).hasFailedAttempt,
  )
  assert.deepEqual(marks, [undefined, true, true])
})
