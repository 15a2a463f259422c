// How long the good backups of a source took at most in four weeks.

import type { SourceState } from './source-state.ts'
import { historyOf, longestSuccessSince, repeatedDurationsSince } from './success-history.ts'

const fourWeeksSeconds = 28 * 86_400

/** In the four weeks before `at` (Unix seconds); undefined without one. */
export function longestSuccessSeconds(state: SourceState | undefined, at: number): number | undefined {
  return state && longestSuccessSince(historyOf(state), at - fourWeeksSeconds)
}

/** A longer run happened at least twice, if it is to be usual: else it was a first backup, or the clock was set meanwhile. */
const longestOnceSeconds = 2 * 86_400

/** How long a good backup usually takes at most, by those of four weeks; undefined without one. */
export function longestUsualSeconds(state: SourceState, at: number): number | undefined {
  const [longest, second = 0] = repeatedDurationsSince(historyOf(state), at - fourWeeksSeconds)
  return longest === undefined ? undefined : Math.min(longest, Math.max(longestOnceSeconds, second))
}
