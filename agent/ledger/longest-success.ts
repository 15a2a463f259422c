// How long the good backups of a source took at most in four weeks.

import type { SourceState } from './source-state.ts'
import { historyOf, longestRepeatSince, longestSuccessSince } from './success-history.ts'

const fourWeeksSeconds = 28 * 86_400

/** In the four weeks before `at` (Unix seconds); undefined without one. */
export function longestSuccessSeconds(state: SourceState | undefined, at: number): number | undefined {
  return state && longestSuccessSince(historyOf(state), at - fourWeeksSeconds)
}

/** The same without the first day, whose backup may have taken far longer than all others. */
export function longestRepeatSeconds(state: SourceState, at: number): number | undefined {
  return longestRepeatSince(historyOf(state), at - fourWeeksSeconds)
}
