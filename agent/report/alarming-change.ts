// What the newest snapshot of a source holds, where that is alarming though the backup is good: data is missing, or was replaced.
// The alerts KopiaBackupSizeDropped and KopiaBackupMassChange have the same limits. Pure.

import type { SourceState } from '../ledger/source-state.ts'
import { changedRatioLimitOf, sizeBaselineOf } from '../limits/baselines.ts'

/** `share` is that of the baseline, or of all files. */
export type AlarmingChange =
  | { readonly kind: 'shrank'; readonly figure: 'bytes' | 'files'; readonly share: number }
  | { readonly kind: 'changed'; readonly share: number }

/** As in the alert: a test compares them. */
const leastShare = 0.7

/** `since` is the begin of the period (both in Unix seconds): what shrank in it counts, also where the alert is over again. */
export function alarmingChangeOf(
  state: SourceState,
  since: number,
  nowSeconds: number,
): AlarmingChange | undefined {
  const newest = state.held?.newest
  if (newest === undefined) return undefined
  const baseline = sizeBaselineOf(state, nowSeconds, since)
  for (const [figure, value] of [
    ['bytes', newest.sizeBytes],
    ['files', newest.files],
  ] as const) {
    const share = baseline === undefined ? 1 : value / baseline[figure]
    if (share < leastShare) return { kind: 'shrank', figure, share }
  }
  const limit = changedRatioLimitOf(state, nowSeconds)
  const changed = newest.changedFiles / newest.files
  return limit !== undefined && changed > limit ? { kind: 'changed', share: changed } : undefined
}
