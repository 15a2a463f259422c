import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FinishedAttempt } from '../../agent/kopia/runs/finished-attempt.ts'
import type { Outcome } from '../../agent/kopia/runs/outcome-kinds.ts'
import { unpacked } from '../../agent/ledger/recent-attempts.ts'
import {
  isBackedUp,
  newSource,
  type SourceState,
  withFinished,
  withSnapshots,
} from '../../agent/ledger/source-state.ts'
import { makeSnapshot } from '../support/snapshots.ts'

const source = { user: 'root', host: 'vm', path: '/data' }
const unproven = { since: 5, reason: 'nothing proves it' }

function finished(outcome: Outcome, endedAt: number, change: Partial<FinishedAttempt> = {}): FinishedAttempt {
  const errors = { fatal: 0, ignored: 0 }
  return { source, outcome, startedAt: endedAt - 2, endedAt, durationSeconds: 2, errors, ...change }
}

function stateAfter(...attempts: readonly FinishedAttempt[]): SourceState {
  return attempts.reduce(
    (state, attempt) => withFinished(state, attempt, 'counted', attempt.endedAt),
    newSource(source, 0),
  )
}

const outcomesOf = ({ recent = [] }: SourceState) => unpacked(recent).map(({ outcome }) => outcome)
const snapshotAt = (startedAt: number, change = {}) =>
  makeSnapshot({ source, id: `${startedAt}`, startedAt, endedAt: startedAt + 2, ...change })

test('each settled attempt moves one counter by one, and no counter falls', () => {
  const outcomes = ['success', 'failed', 'incomplete', 'failed', 'success'] as const
  let state = newSource(source, 0)
  for (const [index, outcome] of outcomes.entries()) {
    const before = state.attempts
    state = withFinished(state, finished(outcome, 10 * index), 'counted', 10 * index)
    assert.deepEqual(state.attempts, { ...before, [outcome]: before[outcome] + 1 })
  }
  assert.deepEqual(state.attempts, { success: 2, failed: 2, incomplete: 1 })
})

test('a backup is good until something speaks against it: a failure, a missing proof, lost snapshots', () => {
  const good = stateAfter(finished('success', 10))
  assert.equal(isBackedUp(good), true)
  assert.equal(isBackedUp(newSource(source, 0)), false)
  assert.equal(isBackedUp(stateAfter(finished('success', 10), finished('incomplete', 20))), false)
  assert.equal(isBackedUp({ ...good, unproven }), false)
  assert.equal(isBackedUp({ ...good, goneSince: 5 }), false)
})

test('the next outcome takes a doubt back, whatever it is', () => {
  const doubtful = { ...stateAfter(finished('success', 10)), unproven }
  for (const outcome of ['success', 'failed'] as const) {
    const settled = withFinished(doubtful, finished(outcome, 20), 'counted', 20)
    assert.deepEqual([settled.unproven, isBackedUp(settled)], [undefined, outcome === 'success'])
  }
  assert.deepEqual(withSnapshots(doubtful, [snapshotAt(8)], 20).unproven, unproven)
})

test('an attempt that silence had ended corrects the gauges once it goes on, and counts once', () => {
  const silent = finished('failed', 10, { startedAt: 1, reason: 'its log stops' })
  const before = stateAfter(finished('success', 0), silent)
  const corrected = withFinished(
    before,
    finished('success', 50, { startedAt: 1, wasCounted: true, snapshotId: 'a' }),
    'counted',
    50,
  )
  assert.deepEqual(corrected.attempts, { success: 1, failed: 1, incomplete: 0 })
  assert.deepEqual([corrected.lastSuccessAt, corrected.consecutiveFailures], [50, 0])
  assert.deepEqual(outcomesOf(corrected), ['success', 'success'], 'the chart holds it once')
  const failedAfterAll = withFinished(
    before,
    finished('failed', 50, { startedAt: 1, wasCounted: true }),
    'counted',
    50,
  )
  assert.deepEqual([failedAfterAll.attempts, failedAfterAll.consecutiveFailures], [before.attempts, 1])
})

test('a silent attempt that reports its end after a newer one changes neither counters, gauges nor the newest bar', () => {
  const before = stateAfter(finished('failed', 10, { startedAt: 1 }), finished('success', 40))
  const late = finished('failed', 30, { startedAt: 1, wasCounted: true })
  const after = withFinished(before, late, 'counted', 50)
  assert.deepEqual([after.attempts, after.lastAttempt], [before.attempts, before.lastAttempt])
  assert.equal(outcomesOf(after).filter((outcome) => outcome === 'success').length, 1)
})

test('a snapshot that was found first and whose log reports it after a newer attempt leaves the newest bar', () => {
  const found = { ...stateAfter(finished('success', 10, { snapshotId: 'a' })), foundSnapshotId: 'a' }
  const newer = withFinished(found, finished('failed', 40), 'counted', 40)
  const late = withFinished(newer, finished('success', 10, { snapshotId: 'a' }), 'counted', 50)
  assert.deepEqual([late.attempts, late.lastAttempt?.outcome], [newer.attempts, 'failed'])
  assert.ok(outcomesOf(late).includes('failed'))
})

test('a source that loses all its snapshots stays with counts of 0, and its usual interval', () => {
  const held = [0, 100, 200, 300].map((at) => snapshotAt(at))
  const full = withSnapshots(newSource(source, 0), held, 400)
  assert.deepEqual([full.goneSince, full.usualIntervalSeconds], [undefined, 100])
  const gone = withSnapshots(withSnapshots(full, [], 500), [], 600)
  assert.deepEqual([gone.goneSince, gone.usualIntervalSeconds], [500, 100])
  assert.deepEqual([gone.held?.counts.all, gone.held?.newest, gone.held?.oldestAt], [0, undefined, undefined])
  assert.deepEqual([gone.lastSuccessAt, isBackedUp(gone)], [302, false])
  assert.equal(withSnapshots(gone, [snapshotAt(700)], 800).goneSince, undefined)
})

test('partial snapshots alone are no backup: all complete ones are lost', () => {
  const full = withSnapshots(newSource(source, 0), [snapshotAt(0)], 10)
  const partial = snapshotAt(100, { incomplete: 'canceled' })
  assert.equal(withSnapshots(full, [partial], 200).goneSince, 200)
})

test('a source that never had a complete snapshot has lost none', () => {
  assert.equal(withSnapshots(newSource(source, 0), [], 10).goneSince, undefined)
  assert.equal(withSnapshots(stateAfter(finished('failed', 5)), [], 10).goneSince, undefined)
})
