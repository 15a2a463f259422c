import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Attempt, noEvidence } from '../../../agent/kopia/runs/evidence.ts'
import {
  asSettled,
  type EndedRun,
  hasSucceeded,
  newRun,
  type OpenRun,
  startOf,
  wasSeenAlive,
  withSignOfLife,
} from '../../../agent/kopia/runs/run.ts'

const source = { user: 'root', host: 'vm', path: '/data/x' }
const attempt: Attempt = { source, origin: 'command', startedAt: 990 }
const open = newRun(42, 'snapshot-create')
const silentSince = (lastSignAt: number): OpenRun => ({ ...open, lastSignAt })

function ended(change: Partial<EndedRun>): EndedRun {
  return { ...open, state: 'ended', endedAt: 1010, lastSignAt: 1010, ...change }
}

test('a run that neither failed nor closed the repository that it had opened was killed', () => {
  const kinds = ['unknown', 'opened', 'closed'] as const
  const succeeded = kinds.map((repository) =>
    hasSucceeded(ended({ evidence: { ...noEvidence, repository } })),
  )
  assert.deepEqual(succeeded, [true, false, true])
  assert.equal(
    hasSucceeded(ended({ evidence: { ...noEvidence, repository: 'closed', finalError: 'x' } })),
    false,
  )
})

test('a run with an attempt that is settled already as no success did not succeed', () => {
  const evidence = { ...noEvidence, repository: 'closed' } as const
  assert.equal(hasSucceeded(ended({ evidence, hasFailedAttempt: true })), false)
})

test('a sign of life counts if it is the newest, and never later than now', () => {
  const lastSign = (run: OpenRun, signAt: number) => withSignOfLife(run, signAt, 1000).lastSignAt
  assert.deepEqual([lastSign(silentSince(900), 950), lastSign(silentSince(900), 850)], [950, 900])
  assert.deepEqual([lastSign(silentSince(900), 4600), lastSign(silentSince(4600), 0)], [1000, 1000])
  const run = silentSince(900)
  assert.equal(withSignOfLife(run, 900, 1000), run)
})

test('a run begins with its first attempt or call of a hook, settled ones included', () => {
  const call = {
    action: 'before',
    phase: 'call',
    callId: 'a',
    path: '/data/x',
    processId: 42,
    at: 980,
  } as const
  const lastSettled = { '/data/y': { startedAt: 970, endedAt: 975 } }
  const evidence = { ...noEvidence, attempts: [attempt] }
  assert.deepEqual(
    [
      ended({}),
      ended({ evidence }),
      ended({ evidence, hookCalls: [call] }),
      ended({ evidence, hookCalls: [call], lastSettled }),
    ].map(startOf),
    [1010, 990, 980, 970],
  )
})

test('a settled run remembers only what it needs not to be counted again', () => {
  const evidence = { ...noEvidence, attempts: [attempt] }
  const settled = asSettled(ended({ evidence, preview: evidence, process: '77' }), 'told')
  assert.deepEqual(settled, {
    state: 'settled',
    processId: 42,
    wasSeenAlive: true,
    startedAt: 990,
    endedAt: 1010,
  })
  assert.deepEqual([settled, open, { ...open, process: '77' }].map(wasSeenAlive), [true, false, true])
})

test('a settled run that silence alone has ended remembers how it goes on, with its attempts as counted', () => {
  const evidence = { ...noEvidence, attempts: [attempt] }
  const readBytes = { 'kopia-r.0.log': 100 }
  const silent = ended({ evidence, preview: evidence, readBytes, lastSignAt: 1000, isSilent: true })
  const counted = { ...evidence, attempts: [{ ...attempt, wasCounted: true as const }] }
  assert.deepEqual(asSettled(silent, 'told'), {
    state: 'settled',
    processId: 42,
    wasSeenAlive: false,
    startedAt: 990,
    endedAt: 1010,
    reopening: { ...open, readBytes, lastSignAt: 1000, evidence: counted, preview: counted },
  })
})
