import assert from 'node:assert/strict'
import { test } from 'node:test'
import { knownAttempts } from '../../agent/ledger/attempt-log.ts'
import { createLedger, emptyLedger } from '../../agent/ledger/ledger.ts'
import type { SourceState } from '../../agent/ledger/source-state.ts'
import { newSource, withFinished } from '../../agent/ledger/source-state.ts'
import { day, hour, ledgerOf, now, sourceOf } from '../report/made-report.ts'

const source = sourceOf('/srv/photos')

function attempt(endedAt: number, outcome: 'success' | 'failed' = 'success', more = {}) {
  const startedAt = endedAt - 60
  return {
    source,
    outcome,
    startedAt,
    endedAt,
    durationSeconds: 60,
    errors: { fatal: 0, ignored: 0 },
    ...more,
  }
}

function afterAttempts(count: number, gap: number, state = newSource(source, now)): SourceState {
  return Array.from({ length: count }, (_, index) => now - (count - 1 - index) * gap).reduce(
    (before, end) => withFinished(before, attempt(end), 'counted', end),
    state,
  )
}

test('hourly attempts of five weeks are all known, and what is older is said to be missing', () => {
  const { completeAfter, attempts } = knownAttempts(afterAttempts(1000, hour))
  assert.equal(attempts.length, 800)
  assert.equal(completeAfter, now - 800 * hour)
  assert.deepEqual(attempts.at(-1), { endedAt: now, outcome: 'success' })
  assert.equal(attempts[0]?.endedAt, now - 799 * hour)
})

test('a daily source keeps five weeks, one that is rare its last attempt', () => {
  const kept = knownAttempts(afterAttempts(100, day))
  assert.deepEqual([kept.attempts.length, kept.completeAfter], [35, now - 35 * day])
  const rare = knownAttempts(afterAttempts(3, 60 * day))
  assert.deepEqual([rare.attempts.length, rare.completeAfter], [1, now - 60 * day])
})

test('fewer attempts are complete since the agent first ran', () => {
  const { completeAfter, attempts } = knownAttempts(afterAttempts(5, day))
  assert.deepEqual([completeAfter, attempts.length], [0, 5])
})

test('an attempt from before the first start is not in the log', () => {
  const state = withFinished(newSource(source, now), attempt(now - day), 'not counted', now)
  assert.equal(state.attemptLog, undefined)
  assert.deepEqual(knownAttempts(state), { completeAfter: 0, attempts: [] })
  const later = withFinished(state, attempt(now), 'counted', now)
  assert.deepEqual(knownAttempts(later).attempts, [{ endedAt: now, outcome: 'success' }])
})

test('a better report of the same attempt replaces it', () => {
  const first = withFinished(newSource(source, now), attempt(now, 'failed'), 'counted', now)
  const again = withFinished(
    first,
    attempt(now + 5, 'success', { wasCounted: true, startedAt: now - 60 }),
    'counted',
    now + 5,
  )
  assert.deepEqual(knownAttempts(again).attempts, [{ endedAt: now + 5, outcome: 'success' }])
  assert.deepEqual(again.attempts, { success: 0, failed: 1, incomplete: 0 })
})

test('what a wrong clock left is dropped; two runs that settle out of order are sorted', () => {
  const early = withFinished(newSource(source, now), attempt(now + 900 * day), 'counted', now + 900 * day)
  const late = withFinished(early, attempt(now), 'counted', now)
  const later = withFinished(late, attempt(now - hour, 'failed'), 'counted', now)
  assert.deepEqual(
    knownAttempts(later).attempts.map(({ endedAt }) => endedAt),
    [now - hour, now],
  )
  assert.equal(knownAttempts(later).completeAfter, 0)
})

test('an older ledger has the attempts of the chart, and says since when', () => {
  const { attemptLog: _, ...older } = afterAttempts(50, hour)
  assert.deepEqual(
    [knownAttempts(older).attempts.length, knownAttempts(older).completeAfter],
    [30, now - 29 * hour - 1],
  )
  const next = withFinished(older, attempt(now + hour), 'counted', now + hour)
  assert.deepEqual(
    [knownAttempts(next).attempts.length, knownAttempts(next).completeAfter],
    [31, now - 29 * hour - 1],
  )
})

test('a log that an older agent carried along, without what it counted, is not believed', () => {
  const state = afterAttempts(5, hour)
  const counted = { ...state, attempts: { ...state.attempts, failed: 1 } }
  const recent = [...(state.recent ?? []), now + 60, 60, 1]
  assert.deepEqual(knownAttempts({ ...counted, recent }).attempts.at(-1), {
    endedAt: now + 60,
    outcome: 'failed',
  })
})

test('the log and the sizes survive being saved', () => {
  const ledger = ledgerOf({
    '/srv/photos': [
      [day, 'success', 5],
      [hour, 'success', 8],
    ],
  })
  const again = createLedger(JSON.parse(JSON.stringify(ledger.toData(new Map()))))
  const [state] = again.sources.values()
  assert.equal(state && knownAttempts(state).attempts.length, 2)
  assert.deepEqual(state?.history?.sizes, [now - day, 5, now - hour, 8])
  assert.equal(again.upToDateAt(), now - 60)
  assert.equal(createLedger(emptyLedger).upToDateAt(), undefined)
})
