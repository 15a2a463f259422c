// How an attempt went: the log's evidence, checked against the repository's snapshots.

import type { Attempt, RunEvidence } from './run.ts'
import type { Snapshot } from './snapshots.ts'
import { formatSource, type Source } from './source.ts'

/** The values of the label `status`. */
export type Outcome = 'success' | 'failed' | 'incomplete'
export const outcomes: readonly Outcome[] = ['success', 'failed', 'incomplete']

/** A finished attempt. Times in Unix seconds. */
export type Finished = {
  readonly source: Source
  readonly outcome: Outcome
  readonly startedAt: number
  readonly endedAt: number
  readonly durationSeconds: number
}

/** What the repository said: its snapshots, or that it could not be asked. */
export type RepositoryAnswer =
  | { readonly kind: 'snapshots'; readonly bySource: ReadonlyMap<string, readonly Snapshot[]> }
  | { readonly kind: 'unavailable' }

/**
 * Decides on one attempt of a run that has ended at `endedAt` (Unix seconds). Undefined where only the
 * repository could tell and it can't be asked now: such an attempt waits, nobody guesses.
 */
export function judge(
  attempt: Attempt,
  run: RunEvidence,
  endedAt: number,
  answer: RepositoryAnswer,
): Finished | undefined {
  const outcome =
    answer.kind === 'snapshots'
      ? outcomeByRepository(attempt, endedAt, answer.bySource.get(formatSource(attempt.source)) ?? [])
      : outcomeByLog(attempt, run)
  if (outcome === undefined) return undefined
  const end = attempt.claimedAt ?? endedAt
  return {
    source: attempt.source,
    outcome,
    startedAt: attempt.startedAt,
    endedAt: end,
    durationSeconds: durationOf(attempt, end),
  }
}

/** The actions count too; but a clock that was set back meanwhile must not make it shorter than the upload. */
function durationOf(attempt: Attempt, endedAt: number): number {
  return Math.max(endedAt - attempt.startedAt, attempt.uploadSeconds ?? 0, 0)
}

function outcomeByRepository(attempt: Attempt, endedAt: number, snapshots: readonly Snapshot[]): Outcome {
  if (attempt.claim?.kind === 'identical') return 'success'
  const snapshot = snapshotOf(attempt, endedAt, snapshots)
  return snapshot === undefined ? 'failed' : outcomeOf(snapshot)
}

/** How the attempt went that left this snapshot. A checkpoint stays where a process was killed. */
export function outcomeOf(snapshot: Snapshot): Outcome {
  if (snapshot.incomplete === 'checkpoint') return 'failed'
  if (snapshot.incomplete !== undefined) return 'incomplete'
  return snapshot.fatalErrors > 0 ? 'failed' : 'success'
}

/** By the id that the log named; without one (`--json` hides the line) the newest that was made in the attempt. */
function snapshotOf(attempt: Attempt, endedAt: number, snapshots: readonly Snapshot[]): Snapshot | undefined {
  const { claim } = attempt
  if (claim !== undefined && claim.kind !== 'identical') {
    return snapshots.find((snapshot) => snapshot.id === claim.snapshotId)
  }
  return snapshots.findLast((snapshot) => {
    const begin = attempt.toldBy === 'log' ? snapshot.startedAt : snapshot.endedAt
    return begin >= attempt.startedAt && snapshot.startedAt <= endedAt
  })
}

function outcomeByLog(attempt: Attempt, run: RunEvidence): Outcome | undefined {
  switch (attempt.claim?.kind) {
    case 'created-partial':
      return 'incomplete'
    case 'identical':
      return 'success'
    case 'created':
      return failedAfterCreated(attempt, run) ? 'failed' : 'success'
    case undefined:
      return run.finalError === undefined ? undefined : 'failed'
  }
}

/**
 * `Created` is logged before the snapshot is flushed and before its fatal errors are told. In a run of
 * several sources the final error may be about another one, unless it says so.
 */
function failedAfterCreated(attempt: Attempt, run: RunEvidence): boolean {
  if (run.finalError === undefined) return false
  const sourceText = formatSource(attempt.source)
  return run.attempts.length === 1 || run.fatalErrors.some((errors) => errors.sourceText === sourceText)
}
