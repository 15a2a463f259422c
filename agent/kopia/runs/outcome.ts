// Decides the outcome of an attempt: the evidence of the log, checked against the snapshots in the repository.

import type { Snapshot } from '../cli/snapshots.ts'
import { formatSource, type Source } from '../source.ts'
import { findSnapshot, mayHaveExpired } from './attempt-snapshot.ts'
import type { Attempt, RunEvidence } from './evidence.ts'

/** The values of the label `status`. */
export type Outcome = 'success' | 'failed' | 'incomplete'
export const outcomes: readonly Outcome[] = ['success', 'failed', 'incomplete']

/** A finished attempt. Times in Unix seconds. */
export type FinishedAttempt = {
  readonly source: Source
  readonly outcome: Outcome
  readonly startedAt: number
  readonly endedAt: number
  readonly durationSeconds: number
  /** Files that could not be read, according to the repository. */
  readonly errors: FileErrors
  /** The snapshot that the attempt created. No other attempt can have created it. */
  readonly snapshotId?: string
  /** Why it made no complete backup, in one line without secrets; undefined for a success. */
  readonly reason?: string
}

type FileErrors = { readonly fatal: number; readonly ignored: number }

/** The repository's snapshots by source, the oldest first, or the fact that Kopia did not answer. */
export type RepositoryAnswer =
  | {
      readonly kind: 'snapshots'
      readonly bySource: ReadonlyMap<string, readonly Snapshot[]>
      /** Whether Kopia saves no snapshot of a source in which nothing has changed. */
      readonly ignoresIdentical: (source: Source) => boolean
    }
  | { readonly kind: 'unavailable' }

/**
 * Decides the outcome of an attempt that ended at `endedAt` (Unix seconds). Undefined if only the repository can tell
 * and it did not answer: the attempt then waits.
 */
export function decideOutcome(
  attempt: Attempt,
  run: RunEvidence,
  endedAt: number,
  answer: RepositoryAnswer,
): FinishedAttempt | undefined {
  const snapshot = answer.kind === 'snapshots' ? findSnapshot(attempt, endedAt, answer.bySource) : undefined
  const outcome =
    answer.kind === 'snapshots'
      ? outcomeByAnswer(attempt, run, snapshot, endedAt, answer)
      : outcomeByLog(attempt, run)
  if (outcome === undefined) return undefined
  const end = attempt.finishedAt ?? attempt.reportedAt ?? snapshot?.endedAt ?? endedAt
  return {
    source: attempt.source,
    outcome,
    startedAt: attempt.startedAt,
    endedAt: end,
    durationSeconds: durationOf(attempt, end),
    errors: { fatal: snapshot?.fatalErrors ?? 0, ignored: snapshot?.ignoredErrors ?? 0 },
    ...(snapshot && { snapshotId: snapshot.id }),
  }
}

/** The attempt behind a snapshot that no log and no hook reported, for example one of another machine. */
export function attemptOf(snapshot: Snapshot): FinishedAttempt {
  return {
    source: snapshot.source,
    outcome: outcomeOf(snapshot),
    startedAt: snapshot.startedAt,
    endedAt: snapshot.endedAt,
    durationSeconds: Math.max(0, snapshot.endedAt - snapshot.startedAt),
    errors: { fatal: snapshot.fatalErrors, ignored: snapshot.ignoredErrors },
    snapshotId: snapshot.id,
  }
}

/** Includes the actions. The clock may have been set back since the start, so the upload is the shortest duration. */
function durationOf(attempt: Attempt, endedAt: number): number {
  return Math.max(endedAt - attempt.startedAt, attempt.uploadSeconds ?? 0, 0)
}

type Snapshots = Extract<RepositoryAnswer, { kind: 'snapshots' }>

function outcomeByAnswer(
  attempt: Attempt,
  run: RunEvidence,
  snapshot: Snapshot | undefined,
  endedAt: number,
  { bySource, ignoresIdentical }: Snapshots,
): Outcome {
  const isExpired = snapshot === undefined && mayHaveExpired(attempt, endedAt, bySource)
  const byLog = isExpired ? (outcomeByLog(attempt, run) ?? outcomeOfSilent(attempt, run)) : undefined
  if (byLog !== undefined) return byLog
  if (attempt.reportedResult?.kind === 'identical') return 'success'
  if (snapshot !== undefined) return outcomeOf(snapshot)
  // Without a log, nothing says why the snapshot is missing. After an after-action, usually nothing had changed.
  return attempt.hasRunAfterAction && ignoresIdentical(attempt.source) ? 'success' : 'failed'
}

/** `--json` hides the result line: then a good end of the run counts, and without a log the after-action. */
function outcomeOfSilent(
  { origin, reportedResult, hasRunAfterAction }: Attempt,
  run: RunEvidence,
): Outcome | undefined {
  if (origin === 'hook') return hasRunAfterAction ? 'success' : undefined
  const endedWell = run.repository === 'closed' && run.finalError === undefined
  return origin === 'command' && reportedResult === undefined && endedWell ? 'success' : undefined
}

/** The outcome of the attempt that created this snapshot. A checkpoint remains if the process was killed. */
function outcomeOf(snapshot: Snapshot): Outcome {
  if (snapshot.incomplete === 'checkpoint') return 'failed'
  if (snapshot.incomplete !== undefined) return 'incomplete'
  return snapshot.fatalErrors > 0 ? 'failed' : 'success'
}

function outcomeByLog(attempt: Attempt, run: RunEvidence): Outcome | undefined {
  switch (attempt.reportedResult?.kind) {
    case 'created-partial':
      return 'incomplete'
    case 'identical':
      return 'success'
    case 'created':
      return outcomeOfCreated(attempt, run)
    case undefined:
      return hasFailedByLog(attempt, run) ? 'failed' : undefined
  }
}

/** A server logs the result before it finishes the source. A finished source without a result has failed. */
function hasFailedByLog(attempt: Attempt, run: RunEvidence): boolean {
  if (attempt.origin === 'server') return attempt.finishedAt !== undefined
  return run.finalError !== undefined
}

/**
 * Kopia logs `Created` before it flushes the snapshot and before it logs fatal errors. In a run of several sources, the
 * final error counts against the sources that it names. A server logs no fatal errors, so only the repository knows
 * whether the errors of its upload were fatal.
 */
function outcomeOfCreated(attempt: Attempt, run: RunEvidence): Outcome | undefined {
  if (attempt.origin === 'server') return (attempt.uploadErrors ?? 0) > 0 ? undefined : 'success'
  if (run.finalError === undefined) return 'success'
  const sourceText = formatSource(attempt.source)
  const isAboutIt =
    run.attempts.length === 1 || run.fatalErrors.some((errors) => errors.sourceText === sourceText)
  return isAboutIt ? 'failed' : 'success'
}
