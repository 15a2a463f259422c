// How a source stood at each time: what the live metrics would have said.

import type { Outcome } from '../kopia/runs/outcome.ts'
import type { SourceHistory } from './history.ts'

/** What holds from `at` (Unix seconds) until the next one. */
export type Standing = {
  readonly at: number
  readonly outcome: Outcome
  readonly durationSeconds: number
  /** Of the newest complete snapshot; undefined before the first. */
  readonly sizeBytes: number | undefined
  readonly files: number | undefined
  /** Of those that are held today, how many were there. */
  readonly snapshots: number
  readonly attempts: Readonly<Record<Outcome, number>>
}

/** One standing per attempt, in time order. */
export function timelineOf({ attempts, snapshots }: SourceHistory): readonly Standing[] {
  const byEnd = [...snapshots].sort((one, other) => one.endedAt - other.endedAt)
  const counts: Record<Outcome, number> = { success: 0, failed: 0, incomplete: 0 }
  let seen = 0
  let newest: { readonly sizeBytes: number; readonly files: number } | undefined
  return attempts.map(({ outcome, durationSeconds, endedAt }) => {
    counts[outcome] += 1
    // A log ends after its snapshot, by what Kopia still does; a second is enough for clocks that are cut.
    for (let next = byEnd[seen]; next !== undefined && next.endedAt <= endedAt + 1; next = byEnd[seen]) {
      if (next.incomplete === undefined) newest = { sizeBytes: next.sizeBytes, files: next.files }
      seen += 1
    }
    return {
      at: endedAt,
      outcome,
      durationSeconds,
      sizeBytes: newest?.sizeBytes,
      files: newest?.files,
      snapshots: seen,
      attempts: { ...counts },
    }
  })
}
