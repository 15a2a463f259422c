// What the ledger remembers of successes, so that retention takes nothing from it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { longestSuccessSeconds, longestUsualSeconds } from '../../agent/ledger/longest-success.ts'
import { newSource, withSnapshots } from '../../agent/ledger/source-state.ts'
import {
  emptyHistory,
  fewestFilesIn,
  historyOf,
  largestChangedShareIn,
  leastBytesIn,
  type SuccessHistory,
  withCompleteSnapshots,
  withSuccess,
} from '../../agent/ledger/success-history.ts'
import { day, hour, snapshotAt, source, stateAfter, stateHolding, utc } from '../support/limits.ts'

const now = utc('2026-11-24 12:00')

const afterSuccesses = (...ends: readonly number[]): SuccessHistory =>
  ends.reduce((history, endedAt) => withSuccess(history, { endedAt, durationSeconds: 60 }), emptyHistory)

test('ends are kept for two weeks and a day, and the last one before', () => {
  const nightly = Array.from({ length: 40 }, (_, index) => now - (39 - index) * day)
  const { ends } = afterSuccesses(...nightly)
  assert.deepEqual(ends, nightly.slice(-16))
  const monthly = [90, 60, 30, 0].map((ago) => now - ago * day)
  assert.deepEqual(afterSuccesses(...monthly).ends, monthly.slice(-2))
})

test('ends less than half an hour apart are one', () => {
  const every = (seconds: number) =>
    afterSuccesses(...Array.from({ length: 12 }, (_, index) => now + index * seconds)).ends.length
  assert.equal(every(300), 2)
  assert.equal(every(1800), 12)
  // Jitter takes no success of an hourly source away.
  assert.equal(afterSuccesses(now, now + hour - 300, now + 2 * hour + 300).ends.length, 3)
})

test('the same success by its log and by its snapshot is one', () => {
  const history = withSuccess(emptyHistory, { endedAt: now + 0.4, durationSeconds: 61.2 })
  const both = withCompleteSnapshots(history, [snapshotAt(now)])
  assert.deepEqual(both.ends, [now])
  assert.deepEqual(both.durations, [now, 62])
})

test('an older report changes nothing that is newer', () => {
  const history = afterSuccesses(now - day, now)
  assert.deepEqual(withSuccess(history, { endedAt: now - 2 * day, durationSeconds: 60 }).ends, [
    now - 2 * day,
    now - day,
    now,
  ])
})

test('snapshots of one day are one record: the least sizes, the largest change, the last end', () => {
  const morning = snapshotAt(now - 3 * hour, { sizeBytes: 50, files: 100, changedFiles: 30 })
  const noon = snapshotAt(now, { sizeBytes: 80, files: 90, changedFiles: 9 })
  const { snapshots } = withCompleteSnapshots(emptyHistory, [morning, noon])
  assert.deepEqual(snapshots, [now, 50, 90, 0.3])
})

test('a figure counts as long as its snapshot was the newest', () => {
  const history = withCompleteSnapshots(emptyHistory, [
    snapshotAt(now - 20 * day, { sizeBytes: 10, files: 5, changedFiles: 5 }),
    snapshotAt(now - 10 * day, { sizeBytes: 20, files: 7, changedFiles: 0 }),
  ])
  const figures = (fromAgo: number, untilAgo: number) => {
    const period = { from: now - fromAgo * day, until: now - untilAgo * day }
    return [
      leastBytesIn(history, period),
      fewestFilesIn(history, period),
      largestChangedShareIn(history, period),
    ]
  }
  assert.deepEqual(figures(30, 0), [10, 5, 1])
  assert.deepEqual(figures(11, 0), [10, 5, 1])
  assert.deepEqual(figures(9, 0), [20, 7, 0])
  assert.deepEqual(figures(15, 11), [10, 5, 1])
  assert.deepEqual(figures(40, 21), [undefined, undefined, undefined])
})

test('a snapshot that lacks files has sizes, but is no success', () => {
  const { ends, durations, snapshots } = withCompleteSnapshots(emptyHistory, [
    snapshotAt(now, { fatalErrors: 2 }),
  ])
  assert.deepEqual([ends, durations, snapshots.length], [[], [], 4])
})

test('a repository with years of snapshots costs no more than five weeks', () => {
  const years = Array.from({ length: 3000 }, (_, index) => snapshotAt(now - (2999 - index) * day))
  const { ends, durations, snapshots } = withCompleteSnapshots(emptyHistory, years)
  assert.deepEqual([ends.length, durations.length / 2, snapshots.length / 4], [16, 32, 32])
})

test('an answer without anything new leaves the history as it is', () => {
  const held = [snapshotAt(now - day), snapshotAt(now)]
  const state = stateHolding(held, now)
  assert.equal(withSnapshots(state, held, now + hour).history, state.history)
  assert.notEqual(withSnapshots(state, [...held, snapshotAt(now + hour)], now + hour).history, state.history)
})

test('in an older ledger the history begins with the attempts of the chart', () => {
  const { history: _, ...older } = stateAfter(newSource(source, now), 'success', now)
  assert.deepEqual(historyOf(older).ends, [now])
})

test('the longest good backup of four weeks, failures left out, and without the first day', () => {
  assert.equal(longestSuccessSeconds(undefined, now), undefined)
  const failed = stateAfter(newSource(source, now), 'failed', now, 900)
  assert.equal(longestSuccessSeconds(failed, now), undefined)
  const first = stateAfter(failed, 'success', now + day, 5000)
  const state = stateAfter(stateAfter(first, 'success', now + 2 * day, 40), 'failed', now + 3 * day, 900)
  assert.equal(longestSuccessSeconds(state, now + 3 * day), 5000)
  assert.equal(longestUsualSeconds(state, now + 3 * day), 40)
  assert.equal(longestUsualSeconds(first, now + 3 * day), undefined)
  // The first one was the last success until the second one ended.
  assert.equal(longestSuccessSeconds(state, now + 29 * day), 5000)
  assert.equal(longestSuccessSeconds(state, now + 31 * day), 40)
})

test('a run of more than two days is usual only if there were two', () => {
  const after = (...days: readonly number[]) =>
    days.reduce(
      (state, seconds, index) => stateAfter(state, 'success', now + index * 3 * day, seconds),
      newSource(source, now),
    )
  const usual = (...days: readonly number[]) =>
    longestUsualSeconds(after(...days), now + days.length * 3 * day)
  assert.equal(usual(60, 60, 20 * hour, 60), 20 * hour)
  // The clock was set forward by a month while the backup ran.
  assert.equal(usual(60, 60, 30 * day, 60), 2 * day)
  assert.equal(usual(60, 60, 4 * day, 3 * day), 3 * day)
  assert.equal(usual(5 * day, 60), 60)
})

test('what a clock that was ahead has left is forgotten, and snapshots of the future do not count', () => {
  const ahead = withSuccess(afterSuccesses(now - day), { endedAt: now + 365 * day, durationSeconds: 60 })
  const state = { ...newSource(source, now), history: ahead }
  const after = stateAfter(state, 'success', now)
  assert.deepEqual(after.history?.ends, [now - day, now])
  const held = [snapshotAt(now - day), snapshotAt(now + 300 * day)]
  const found = stateHolding(held, now)
  assert.deepEqual([found.lastSuccessAt, found.history?.ends], [now - day, [now - day]])
})
