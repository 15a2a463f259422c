import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settleRun } from '../../agent/kopia/settlement.ts'
import { bySource } from '../../agent/kopia/snapshots.ts'
import { type EndedRun, type HookCall, hasEnded, newRun } from '../../agent/kopia/tracked-run.ts'

const source = { user: 'root', host: 'vm', path: '/data/x' }
const before: HookCall = { action: 'before', callId: 'a1', path: '/data/x', processId: 42, at: 1000 }
const after: HookCall = { ...before, action: 'after', at: 1009 }

function ended(change: Partial<EndedRun>): EndedRun {
  return { ...newRun(42, 'snapshot-create'), state: 'ended', endedAt: 1010, lastSignAt: 1010, ...change }
}

test('a run whose process was never seen ends by its final error, or by silence', () => {
  const run = newRun(42, 'snapshot-create')
  const claim = { kind: 'identical' } as const
  const claimed = {
    ...run,
    evidence: { attempts: [{ source, toldBy: 'log', startedAt: 1, claim }], fatalErrors: [] },
  } as const
  const failed = { ...run, evidence: { attempts: [], fatalErrors: [], finalError: 'open repository: …' } }
  assert.deepEqual([hasEnded(run, 59), hasEnded(run, 60)], [false, true])
  assert.deepEqual([hasEnded(claimed, 0.9), hasEnded(claimed, 1)], [false, true])
  assert.equal(hasEnded(failed, 0), true)
  assert.equal(hasEnded({ ...run, process: '123' }, 0), true)
})

test('hooks alone make an attempt, and the repository tells how it went', () => {
  const snapshot = {
    id: 'be3a',
    source,
    startedAt: 999.99,
    endedAt: 1009.5,
    incomplete: undefined,
    sizeBytes: 1,
    fatalErrors: 0,
    ignoredErrors: 0,
    retentionReasons: [],
    pins: [],
  }
  const run = ended({ hookCalls: [before, after] })
  const held = { kind: 'snapshots', bySource: bySource([snapshot]) } as const
  assert.deepEqual(
    settleRun(run, held, source)?.map(({ source: { path }, outcome, durationSeconds }) => ({
      path,
      outcome,
      durationSeconds,
    })),
    [{ path: '/data/x', outcome: 'success', durationSeconds: 10 }],
  )
  const none = { kind: 'snapshots', bySource: bySource([]) } as const
  assert.equal(settleRun(run, none, source)?.[0]?.outcome, 'failed')
  assert.equal(settleRun(run, { kind: 'unavailable' }, source), undefined)
  assert.equal(settleRun(run, held, undefined), undefined)
})

test('an attempt that log and hooks tell of is one', () => {
  const evidence = {
    attempts: [{ source, toldBy: 'log', startedAt: 999.9, claim: { kind: 'identical' }, claimedAt: 1009.8 }],
    fatalErrors: [],
  } as const
  const finished = settleRun(ended({ evidence, hookCalls: [before, after] }), { kind: 'unavailable' }, source)
  assert.deepEqual(
    finished?.map(({ outcome }) => outcome),
    ['success'],
  )
})
