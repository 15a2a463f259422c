// Decides when an attempt that is under way counts as stuck.

import { longestSuccessSeconds } from '../ledger/longest-success.ts'
import type { SourceState } from '../ledger/source-state.ts'
import type { LimitContext } from './context.ts'

const hour = 3600
/** So that a short job with unusually much data does not count as stuck. */
const shortestSeconds = 3 * hour
const factor = 3
/** Without a success before, it is a first backup, which may take days. */
const firstSeconds = 7 * 24 * hour

/** In Unix seconds; undefined while nothing runs, and on a machine that sleeps, since it may have slept during the attempt. */
export function runningDeadlineOf(
  state: SourceState,
  { sleeps }: LimitContext,
  runningSince: number | undefined,
): number | undefined {
  if (runningSince === undefined || sleeps) return undefined
  return stuckAt(state, runningSince)
}

/** When an attempt that began at `runningSince` counts as stuck, on a machine that is awake. */
export function stuckAt(state: SourceState, runningSince: number): number {
  const longest = longestSuccessSeconds(state, runningSince)
  return runningSince + (longest === undefined ? firstSeconds : Math.max(factor * longest, shortestSeconds))
}
