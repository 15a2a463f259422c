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
/** The ledger remembers no older sizes. */
const longestLookBack = 28 * 86_400

type Newest = NonNullable<NonNullable<SourceState['held']>['newest']>
type Baseline = ReturnType<typeof sizeBaselineOf>

/**
 * `since` is the begin of the period (both in Unix seconds): what shrank in it counts, also where the alert is over again. What the
 * alert says counts, too: of a young source nothing may be known from before the period.
 */
export function alarmingChangeOf(
  state: SourceState,
  since: number,
  nowSeconds: number,
): AlarmingChange | undefined {
  const newest = state.held?.newest
  if (newest === undefined) return undefined
  for (const before of [nowSeconds, Math.max(since, nowSeconds - longestLookBack)]) {
    const shrank = shrankFrom(sizeBaselineOf(state, nowSeconds, before), newest)
    if (shrank !== undefined) return shrank
  }
  const limit = changedRatioLimitOf(state, nowSeconds)
  const changed = newest.changedFiles / newest.files
  return limit !== undefined && changed > limit ? { kind: 'changed', share: changed } : undefined
}

function shrankFrom(baseline: Baseline, newest: Newest): AlarmingChange | undefined {
  if (baseline === undefined) return undefined
  const shares = [
    { figure: 'bytes', share: newest.sizeBytes / baseline.bytes },
    { figure: 'files', share: newest.files / baseline.files },
  ] as const
  const shrank = shares.find(({ share }) => share < leastShare)
  return shrank && { kind: 'shrank', ...shrank }
}
