// What the newest snapshot is compared with: sizes that it should not fall below, and a share of changes not to exceed.

import type { SourceState } from '../ledger/source-state.ts'
import {
  fewestFilesIn,
  historyOf,
  largestChangedShareIn,
  leastBytesIn,
  oldestFigureAt,
} from '../ledger/success-history.ts'

const day = 86_400
const fourWeeks = 28 * day
/** So that a loss stays visible over a weekend, before the new size counts as usual. */
const sizeDaysLeftOut = 3 * day
/** A younger source is still being set up. */
const settlingSeconds = 14 * day

/**
 * The least bytes and files of four weeks, which end at `before` if that is earlier than three days ago; undefined for a source of
 * which too little is known.
 */
export function sizeBaselineOf(
  state: SourceState,
  nowSeconds: number,
  before = nowSeconds,
): { readonly bytes: number; readonly files: number } | undefined {
  const history = historyOf(state)
  const oldestAt = Math.min(state.held?.oldestAt ?? Infinity, oldestFigureAt(history) ?? Infinity)
  if (nowSeconds - oldestAt < settlingSeconds) return undefined
  const until = Math.min(before, nowSeconds - sizeDaysLeftOut)
  const period = { from: until - fourWeeks, until }
  const [bytes, files] = [leastBytesIn(history, period), fewestFilesIn(history, period)]
  return bytes === undefined || files === undefined ? undefined : { bytes, files }
}

const changeDaysLeftOut = day
const usualFactor = 3
/** A smaller share is no sign of an attack, whatever was usual before. */
const leastShare = 0.3
/** So many changed files are needed. */
const leastFiles = 50

/**
 * The share of changed files that the newest snapshot may have, new ones included: three times the largest of four weeks, and at
 * least 0.3 beside the files that are new, and 50 files. Undefined under 50 files, and where nothing is known to compare with.
 */
export function changedRatioLimitOf(state: SourceState, nowSeconds: number): number | undefined {
  const { newest, filesBefore = newest?.files ?? 0 } = state.held ?? {}
  if (newest === undefined || newest.files < leastFiles) return undefined
  const until = nowSeconds - changeDaysLeftOut
  const largest = largestChangedShareIn(historyOf(state), { from: until - fourWeeks, until })
  if (largest === undefined) return undefined
  const newShare = Math.max(0, newest.files - filesBefore) / newest.files
  return Math.max(usualFactor * largest, leastShare + newShare, (leastFiles - 1) / newest.files)
}
