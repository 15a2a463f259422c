// The state of a source after each of its attempts, as the live metrics would have shown it.

import type { Outcome } from '../kopia/runs/outcome-kinds.ts'
import type { SourceHistory } from './history.ts'

/** Holds from `at` (Unix seconds) until the next state. */
export type PastState = {
  readonly at: number
  readonly outcome: Outcome
  readonly durationSeconds: number
  /** Of the newest complete snapshot; undefined before the first. */
  readonly sizeBytes: number | undefined
  readonly files: number | undefined
  /** How many of the snapshots that the repository holds today existed. */
  readonly snapshots: number
  readonly attempts: Readonly<Record<Outcome, number>>
}

/** Returns one state per attempt, in time order. */
export function statesOf({ attempts, snapshots }: SourceHistory): readonly PastState[] {
  const byEnd = [...snapshots].sort((one, other) => one.endedAt - other.endedAt)
  const counts: Record<Outcome, number> = { success: 0, failed: 0, incomplete: 0 }
  let existing = 0
  let newest: { readonly sizeBytes: number; readonly files: number } | undefined
  return attempts.map(({ outcome, durationSeconds, endedAt }) => {
    counts[outcome] += 1
    // Kopia's log ends after the snapshot does; one second more allows for times cut to whole seconds.
    for (
      let next = byEnd[existing];
      next !== undefined && next.endedAt <= endedAt + 1;
      next = byEnd[existing]
    ) {
      if (next.incomplete === undefined) newest = { sizeBytes: next.sizeBytes, files: next.files }
      existing += 1
    }
    return {
      at: endedAt,
      outcome,
      durationSeconds,
      sizeBytes: newest?.sizeBytes,
      files: newest?.files,
      snapshots: existing,
      attempts: { ...counts },
    }
  })
}
