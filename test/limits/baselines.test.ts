// What the newest snapshot is compared with.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withSnapshots } from '../../agent/ledger/source-state.ts'
import { changedRatioLimitOf, sizeBaselineOf } from '../../agent/limits/baselines.ts'
import { day, hour, snapshotAt, stateHolding, utc } from '../support/limits.ts'

const now = utc('2026-11-24 12:00')

/** Nightly snapshots, the newest `newestAgo` seconds ago, with the figures of each by its age in days. */
function nightly(
  count: number,
  figures: (daysAgo: number) => { sizeBytes?: number; files?: number; changedFiles?: number },
) {
  return Array.from({ length: count }, (_, index) => {
    const daysAgo = count - 1 - index
    return snapshotAt(now - hour - daysAgo * day, {
      sizeBytes: 1000,
      files: 100,
      changedFiles: 1,
      ...figures(daysAgo),
    })
  })
}

const baselineOf = (...parameters: Parameters<typeof nightly>) =>
  sizeBaselineOf(stateHolding(nightly(...parameters), now), now)
const limitOf = (...parameters: Parameters<typeof nightly>) =>
  changedRatioLimitOf(stateHolding(nightly(...parameters), now), now)

test('the size is compared with the least of four weeks, on the first day already', () => {
  assert.deepEqual(
    baselineOf(40, (ago) => ({ sizeBytes: ago === 10 ? 700 : 1000, files: ago === 12 ? 60 : 100 })),
    { bytes: 700, files: 60 },
  )
})

test('the last three days are left out, so that a loss stays visible over a weekend', () => {
  const lostAgo = (days: number) => baselineOf(40, (ago) => ({ sizeBytes: ago <= days ? 10 : 1000 }))?.bytes
  assert.equal(lostAgo(0), 1000)
  assert.equal(lostAgo(2), 1000)
  assert.equal(lostAgo(3), 10)
})

test('what is older than four weeks does not count, unless it was the newest then', () => {
  assert.equal(baselineOf(60, (ago) => ({ sizeBytes: ago >= 32 ? 10 : 1000 }))?.bytes, 1000)
  assert.equal(baselineOf(60, (ago) => ({ sizeBytes: ago >= 31 ? 10 : 1000 }))?.bytes, 10)
  const monthly = [95, 64, 33, 2].map((ago) => snapshotAt(now - ago * day, { sizeBytes: 100 + ago }))
  assert.equal(sizeBaselineOf(stateHolding(monthly, now), now)?.bytes, 133)
})

test('a source of less than two weeks has none, by its oldest snapshot', () => {
  assert.equal(
    baselineOf(14, () => ({})),
    undefined,
  )
  assert.deepEqual(
    baselineOf(15, () => ({})),
    { bytes: 1000, files: 100 },
  )
})

test('what retention has deleted since is remembered', () => {
  const all = nightly(40, (ago) => ({ sizeBytes: ago === 20 ? 500 : 1000 }))
  const kept = all.slice(-3)
  assert.deepEqual(sizeBaselineOf(withSnapshots(stateHolding(all, now), kept, now), now)?.bytes, 500)
  assert.equal(sizeBaselineOf(stateHolding(kept, now), now), undefined)
})

test('a source that lost all its snapshots keeps its baseline for the next one', () => {
  const all = nightly(40, () => ({}))
  assert.equal(sizeBaselineOf(withSnapshots(stateHolding(all, now), [], now), now)?.bytes, 1000)
})

test('three times the largest share of changed files is unusual', () => {
  assert.equal(
    limitOf(20, (ago) => ({ changedFiles: ago === 5 ? 50 : 1 })),
    1.5,
  )
})

test('a share of 0.3 is always usual', () => {
  assert.equal(
    limitOf(20, () => ({})),
    0.49,
  )
  assert.equal(
    limitOf(20, () => ({ files: 1000 })),
    0.3,
  )
})

test('new files do not count, so growth is no mass change', () => {
  const grown = limitOf(20, (ago) => ({
    files: ago === 0 ? 2000 : 1000,
    changedFiles: ago === 0 ? 1010 : 10,
  }))
  assert.equal(grown, 0.8)
  assert.ok(1010 / 2000 < 0.8)
  // Half of the old files changed, too.
  assert.ok(1610 / 2000 > 0.8)
})

test('less than 50 changed files are no mass change', () => {
  const limit = limitOf(20, () => ({ files: 100 })) ?? 0
  assert.ok(49 / 100 <= limit && 50 / 100 > limit)
  assert.equal(
    limitOf(20, () => ({ files: 49 })),
    undefined,
  )
  assert.ok((limitOf(20, () => ({ files: 50 })) ?? 0) < 1)
})

test('the last day is left out, so that a mass change is not its own limit', () => {
  const changed = (days: number) =>
    limitOf(20, (ago) => ({ files: 1000, changedFiles: ago <= days ? 900 : 10 }))
  assert.equal(changed(0), 0.3)
  assert.ok((changed(1) ?? 0) > 2)
})

test('a source with one day of history has nothing to compare with', () => {
  assert.equal(
    limitOf(1, () => ({ files: 1000, changedFiles: 1000 })),
    undefined,
  )
})

test('where only the newest snapshot is kept, the files before are those of the answer before', () => {
  const [before, newest] = nightly(2, (ago) => ({
    files: ago === 0 ? 2000 : 1000,
    changedFiles: ago === 0 ? 1000 : 10,
  }))
  assert.ok(before && newest)
  const state = withSnapshots(stateHolding([before], now - day), [newest], now)
  assert.equal(state.held?.filesBefore, 1000)
  assert.equal(changedRatioLimitOf(state, now), 0.8)
  const again = withSnapshots(state, [newest], now)
  assert.equal(again.held?.filesBefore, 1000)
})
