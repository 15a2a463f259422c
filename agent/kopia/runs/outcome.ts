// How an attempt went: the log's evidence, checked against the repository's snapshots.

import type { Snapshot } from '../cli/snapshots.ts'
import { formatSource, type Source } from '../source.ts'
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
  /** Files that could not be read, as far as the repository tells. */
  readonly errors: FileErrors
  /** The snapshot that it left, so that it is not taken for another attempt's. */
  readonly snapshotId?: string
}

export type FileErrors = { readonly fatal: number; readonly ignored: number }

/** What the repository said: its snapshots by source, each oldest first, or that it could not be asked. */
export type RepositoryAnswer =
  | {
      readonly kind: 'snapshots'
      readonly bySource: ReadonlyMap<string, readonly Snapshot[]>
      /** Whether Kopia saves no snapshot of a source in which nothing has changed. */
      readonly ignoresIdentical: (source: Source) => boolean
    }
  | { readonly kind: 'unavailable' }

/**
 * Decides on one attempt that has ended at `endedAt` (Unix seconds). Undefined where only the repository could
 * tell and it can't be asked now: such an attempt waits, nobody guesses.
 */
export function decideOutcome(
  attempt: Attempt,
  run: RunEvidence,
  endedAt: number,
  answer: RepositoryAnswer,
): FinishedAttempt | undefined {
  const snapshot = answer.kind === 'snapshots' ? snapshotOf(attempt, endedAt, answer.bySource) : undefined
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

/** The attempt that a snapshot tells of which no log and no hook did, as those of other machines. */
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

/** The actions count too; but a clock that was set back meanwhile must not make it shorter than the upload. */
function durationOf(attempt: Attempt, endedAt: number): number {
  return Math.max(endedAt - attempt.startedAt, attempt.uploadSeconds ?? 0, 0)
}

type Snapshots = Extract<RepositoryAnswer, { kind: 'snapshots' }>

function outcomeByAnswer(
  attempt: Attempt,
  run: RunEvidence,
  snapshot: Snapshot | undefined,
  endedAt: number,
  answer: Snapshots,
): Outcome {
  const isExpired = snapshot === undefined && mayHaveExpired(attempt, endedAt, answer)
  const byLog = isExpired ? (outcomeByLog(attempt, run) ?? outcomeOfSilent(attempt, run)) : undefined
  return byLog ?? outcomeByRepository(attempt, snapshot, answer)
}

/** With `--json` no line tells of the snapshot: there the run's good end has to do; without a log, the after-action. */
function outcomeOfSilent(
  { origin, reportedResult, hasRunAfterAction }: Attempt,
  run: RunEvidence,
): Outcome | undefined {
  if (origin === 'hook') return hasRunAfterAction ? 'success' : undefined
  const endedWell = run.repository === 'closed' && run.finalError === undefined
  return origin === 'command' && reportedResult === undefined && endedWell ? 'success' : undefined
}

function outcomeByRepository(
  attempt: Attempt,
  snapshot: Snapshot | undefined,
  { ignoresIdentical }: Snapshots,
): Outcome {
  if (attempt.reportedResult?.kind === 'identical') return 'success'
  if (snapshot !== undefined) return outcomeOf(snapshot)
  // Without a log nothing says why there is none; the after-action ran, and nothing to save is the usual reason.
  return attempt.hasRunAfterAction && ignoresIdentical(attempt.source) ? 'success' : 'failed'
}

/**
 * Retention takes old snapshots away, though never the newest: one after which others came may be gone by now. That matters
 * for what happened while no agent ran.
 */
function mayHaveExpired(
  { source, reportedResult, reportedAt }: Attempt,
  endedAt: number,
  { bySource }: Snapshots,
): boolean {
  if (reportedResult?.kind === 'identical') return false
  const snapshots = bySource.get(formatSource(source)) ?? []
  return snapshots.some(
    (snapshot) => snapshot.incomplete === undefined && snapshot.startedAt > (reportedAt ?? endedAt),
  )
}

/** How the attempt went that left this snapshot. A checkpoint stays where a process was killed. */
function outcomeOf(snapshot: Snapshot): Outcome {
  if (snapshot.incomplete === 'checkpoint') return 'failed'
  if (snapshot.incomplete !== undefined) return 'incomplete'
  return snapshot.fatalErrors > 0 ? 'failed' : 'success'
}

/**
 * By the id that the log named; without one (`--json` hides the line) the first that was made since the attempt began, checkpoints aside. Where the
 * clock was set back meanwhile, the attempt seems to end before it began: then its end says nothing.
 */
function snapshotOf(
  attempt: Attempt,
  endedAt: number,
  bySource: ReadonlyMap<string, readonly Snapshot[]>,
): Snapshot | undefined {
  const snapshots = bySource.get(formatSource(attempt.source)) ?? []
  const { reportedResult } = attempt
  if (reportedResult?.kind === 'identical') return undefined
  if (reportedResult !== undefined)
    return snapshots.find((snapshot) => snapshot.id === reportedResult.snapshotId)
  const latestStart = endedAt < attempt.startedAt ? Number.POSITIVE_INFINITY : endedAt
  const ofAttempt = snapshots.filter((snapshot) => {
    const begin = attempt.origin === 'hook' ? snapshot.endedAt : snapshot.startedAt
    return begin >= attempt.startedAt && snapshot.startedAt <= latestStart
  })
  return ofAttempt.find(({ incomplete }) => incomplete !== 'checkpoint') ?? ofAttempt.at(-1)
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

/** A server that is through with a source has said before what came of it, if anything did. */
function hasFailedByLog(attempt: Attempt, run: RunEvidence): boolean {
  if (attempt.origin === 'server') return attempt.finishedAt !== undefined
  return run.finalError !== undefined
}

/**
 * `Created` is logged before the snapshot is flushed and before its fatal errors are told. In a run of
 * several sources the final error may be about another one, unless it says so. A server never tells of them:
 * there only the repository knows whether the errors were fatal.
 */
function outcomeOfCreated(attempt: Attempt, run: RunEvidence): Outcome | undefined {
  if (attempt.origin === 'server') return (attempt.uploadErrors ?? 0) > 0 ? undefined : 'success'
  if (run.finalError === undefined) return 'success'
  const sourceText = formatSource(attempt.source)
  const isAboutIt =
    run.attempts.length === 1 || run.fatalErrors.some((errors) => errors.sourceText === sourceText)
  return isAboutIt ? 'failed' : 'success'
}
