// Draws the last durations as one line of text.

import type { RecentAttempt } from '../ledger/recent-attempts.ts'

const steps = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const
const failedMark = '×'

/** One character per attempt, oldest first: a bar as high as the attempt was long, or a cross if it did not succeed. */
export function sparkline(recent: readonly RecentAttempt[]): string {
  const longest = Math.max(...recent.map(({ durationSeconds }) => durationSeconds), 0)
  return recent
    .map(({ durationSeconds, outcome }) => {
      if (outcome !== 'success') return failedMark
      const step = longest === 0 ? 0 : Math.ceil((durationSeconds / longest) * steps.length) - 1
      return steps[Math.max(0, step)] ?? ''
    })
    .join('')
}
