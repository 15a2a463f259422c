import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  finishedHookAttempts,
  isOfSettled,
  settleRun,
  withoutAttempt,
} from '../../../agent/kopia/runs/attempts.ts'
import { type Attempt, noEvidence } from '../../../agent/kopia/runs/evidence.ts'
import {
  type EndedRun,
  type HookCall,
  hasEnded,
  hasSucceeded,
  newRun,
} from '../../../agent/kopia/runs/run.ts'
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

test('a run whose process was never seen ends by its final error, or by silence', () => {
  const run = newRun(42, 'snapshot-create')
  const reportedResult = { kind: 'identical' } as const
  const claimed = { ...run, preview: { ...noEvidence, attempts: [{ ...attempt, reportedResult }] } }
  const failed = { ...run, preview: { ...noEvidence, finalError: 'open repository: …' } }
  assert.deepEqual([hasEnded(run, 59), hasEnded(run, 60)], [false, true])
  assert.deepEqual([hasEnded(claimed, 0.9), hasEnded(claimed, 1)], [false, true])
  assert.equal(hasEnded(failed, 0), true)
  assert.equal(hasEnded({ ...run, process: '123' }, 0), true)
})

test('a run that neither failed nor closed the repository that it opened was killed', () => {
  const kinds = ['unknown', 'opened', 'closed'] as const
  const good = kinds.map((repository) => hasSucceeded(ended({ evidence: { ...noEvidence, repository } })))
  assert.deepEqual(good, [true, false, true])
  assert.equal(
    hasSucceeded(ended({ evidence: { ...noEvidence, repository: 'closed', finalError: 'x' } })),
    false,
  )
})

test('hooks alone make an attempt, and the repository tells how it went', () => {
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

test('an attempt that log and hooks tell of is one', () => {
  const told = {
    ...attempt,
    startedAt: 999.9,
    reportedResult: { kind: 'identical' },
    reportedAt: 1009.8,
  } as const
  const evidence = { ...noEvidence, attempts: [told] }
  const finished = settleRun(ended({ evidence, hookCalls: [before, after] }), { kind: 'unavailable' }, source)
  assert.deepEqual(
    finished?.map(({ outcome }) => outcome),
    ['success'],
  )
})

test('in a living process, the after-action ends an attempt that hooks alone tell of', () => {
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

test('what is settled is forgotten, with the calls of hooks that told of the same', () => {
  const first = { ...attempt, startedAt: 999.9, finishedAt: 1009.9 }
  const second = { ...attempt, startedAt: 1020 }
  const laterCall = { ...before, callId: 'b2', at: 1020.1 }
  const run = {
    ...newRun(42, 'server-start'),
    hookCalls: [before, after, laterCall],
    evidence: { ...noEvidence, attempts: [first, second] },
  }
  const left = withoutAttempt(run, first)
  assert.deepEqual([left.evidence.attempts, left.hookCalls], [[second], [laterCall]])
  assert.deepEqual(
    [after, laterCall].map((call) => isOfSettled(left, call)),
    [true, false],
  )
})
