import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
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
