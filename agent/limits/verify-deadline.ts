// Decides when the proof that a source can be read back is overdue.

import type { SourceState } from '../ledger/source-state.ts'
import { cronGaps } from '../util/cron-times.ts'
import type { LimitContext } from './context.ts'
import { movedByUptime } from './uptime-deadline.ts'

const day = 86_400
/** One run may be missed: the machine was off, or a backup ran all the time. */
const runs = 2

/**
 * In Unix seconds; undefined where no verification is scheduled, and for a source that has nothing to verify. Without a proof it
 * counts from when the schedule was set, or from the first backup. On a machine that sleeps it waits until the machine was awake.
 */
export function verifyDeadlineOf(state: SourceState, context: LimitContext): number | undefined {
  const { verifySchedule } = context.settings
  const { verifyScheduledSince } = context
  if (verifySchedule === undefined || verifyScheduledSince === undefined) return undefined
  if (state.lastSuccessAt === undefined || state.goneSince !== undefined) return undefined
  const gaps = cronGaps([verifySchedule])
  if (gaps === undefined) return undefined
  const since = Math.max(verifyScheduledSince, state.firstSeenAt, state.proof?.lastSuccessAt ?? 0)
  const at = since + runs * gaps.longestSeconds + day
  return context.sleeps ? movedByUptime(at, context.uptimeQuarters, context.nowSeconds) : at
}
