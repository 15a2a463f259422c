// How a source looks at a glance, decided once for text and HTML. Pure.

import type { Report, SourceReport } from './report.ts'

/** `late` needs attention, too, but its last attempt did not fail. */
export type Look = 'failing' | 'late' | 'waiting' | 'doubtful' | 'good'

/** A shape besides the colour, as in the status. */
export const lookMarks: Readonly<Record<Look, string>> = {
  failing: '✗',
  late: '!',
  waiting: '·',
  doubtful: '?',
  good: '✓',
}

/** Where the report is in doubt, nothing looks good. */
export function lookOf(
  { verdict }: Pick<Report, 'verdict'>,
  { status, needsAttention }: Pick<SourceReport, 'status' | 'needsAttention'>,
): Look {
  if (status.state === 'failing') return 'failing'
  if (needsAttention) return 'late'
  if (status.state === 'waiting') return 'waiting'
  return verdict === 'unknown' ? 'doubtful' : 'good'
}
