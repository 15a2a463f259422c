// Decides the outcome of an attempt: the evidence of the log, checked against the snapshots in the repository.

import type { Snapshot } from '../cli/snapshots.ts'
import { formatSource } from '../source.ts'
import { findBackdated, findSnapshot } from './attempt-snapshot.ts'
import type { Attempt, RunEvidence } from './evidence.ts'
import type { FinishedAttempt, RepositoryAnswer } from './finished-attempt.ts'
import { identicalOf, outcomeByAnswer } from './outcome-by-answer.ts'
import { isFlushed, outcomeByLog } from './outcome-by-log.ts'
import type { EndKnowledge, Outcome } from './outcome-kinds.ts'
import { type ReasonFacts, reasonOf } from './reason.ts'

/**
 * Decides the outcome of an attempt that ended at `endedAt` (Unix seconds). Undefined if only the repository can tell
 * and it did not answer: the attempt then waits.
 */
export function decideOutcome(
  attempt: Attempt,
  run: RunEvidence,
  endedAt: number,
  answer: RepositoryAnswer,
  knowledge: EndKnowledge = 'certain',
): FinishedAttempt | undefined {
  const own = answer.kind === 'snapshots' ? snapshotOf(attempt, run, endedAt, answer) : undefined
  const snapshot =
    own ?? (answer.kind === 'snapshots' ? identicalOf(attempt, run, endedAt, answer) : undefined)
  const outcome =
    answer.kind === 'snapshots'
      ? outcomeByAnswer(attempt, run, snapshot, endedAt, answer, knowledge)
      : outcomeByLog(attempt, run)
  if (outcome === undefined) return undefined
  const end = attempt.finishedAt ?? attempt.reportedAt ?? endOfSnapshot(attempt, own) ?? endedAt
  const reason = reasonOf(reasonFacts({ attempt, run, outcome, snapshot, answer, knowledge }))
  return {
    source: attempt.source,
    outcome,
    startedAt: attempt.startedAt,
    endedAt: end,
    durationSeconds: durationOf(attempt, end),
    errors: { fatal: snapshot?.fatalErrors ?? 0, ignored: snapshot?.ignoredErrors ?? 0 },
    ...(own && { snapshotId: own.id }),
    ...(reason !== undefined && { reason }),
    ...(attempt.wasCounted && { wasCounted: true }),
  }
}

function snapshotOf(
  attempt: Attempt,
  run: RunEvidence,
  endedAt: number,
  answer: Snapshots,
): Snapshot | undefined {
  const { bySource, newestIdBefore, isOfAnother = () => false } = answer
  if (attempt.reportedResult !== undefined) return findSnapshot(attempt, endedAt, bySource)
  const key = formatSource(attempt.source)
  const isFree = ({ id }: Snapshot) => !isOfAnother(id, attempt)
  // Right after a process was killed, its source can be backed up again: that snapshot is not its own.
  const free = new Map([[key, (bySource.get(key) ?? []).filter(isFree)]])
  const found = findSnapshot(attempt, endedAt, free)
  if (found !== undefined) return found
  // Only the command line has `--start-time`, and only its log shows that a snapshot must be there.
  if (attempt.origin !== 'command' || !isFlushed(run)) return undefined
  const backdated = findBackdated(attempt, newestIdBefore(attempt.source), bySource)
  return backdated !== undefined && isFree(backdated) ? backdated : undefined
}

/** A time from before the attempt is not its own: `--start-time` has set it. */
function endOfSnapshot({ startedAt }: Attempt, snapshot: Snapshot | undefined): number | undefined {
  return snapshot !== undefined && snapshot.endedAt >= startedAt ? snapshot.endedAt : undefined
}

/** Includes the actions. The clock may have been set back since the start, so the upload is the shortest duration. */
function durationOf(attempt: Attempt, endedAt: number): number {
  return Math.max(endedAt - attempt.startedAt, attempt.uploadSeconds ?? 0, 0)
}

type Snapshots = Extract<RepositoryAnswer, { kind: 'snapshots' }>

type Decided = {
  readonly attempt: Attempt
  readonly run: RunEvidence
  readonly outcome: Outcome
  readonly snapshot: Snapshot | undefined
  readonly answer: RepositoryAnswer
  readonly knowledge: EndKnowledge
}

function reasonFacts({ attempt, run, outcome, snapshot, answer, knowledge }: Decided): ReasonFacts {
  const { source, origin, reportedResult, errorAfter } = attempt
  const isMissing =
    answer.kind === 'snapshots' && snapshot === undefined && reportedResult?.kind === 'created'
  const stops = origin === 'command' && run.finalError === undefined && !isFlushed(run)
  return {
    source,
    outcome,
    otherSources: run.attempts.filter((other) => other !== attempt).map((other) => other.source),
    finalError: run.finalError,
    serverError: errorAfter,
    failedAction: attempt.failedAction,
    snapshot,
    missingSnapshotId: isMissing ? reportedResult.snapshotId : undefined,
    logStop:
      stops && run.newestRecordAt !== undefined
        ? { at: run.newestRecordAt, process: knowledge === 'silent' ? 'unseen' : 'gone' }
        : undefined,
  }
}
