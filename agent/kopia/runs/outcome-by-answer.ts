// Decides the outcome of an attempt by the repository's answer, with the help of the log. Pure.

import { newestComplete, type Snapshot } from '../cli/snapshots.ts'
import { formatSource } from '../source.ts'
import { findSnapshot, mayHaveExpired } from './attempt-snapshot.ts'
import type { Attempt, RunEvidence } from './evidence.ts'
import { outcomeOf, type RepositoryAnswer } from './finished-attempt.ts'
import { isFlushed } from './outcome-by-log.ts'
import type { EndKnowledge, Outcome } from './outcome-kinds.ts'
import { isErrorOfOthers } from './server-errors.ts'

type Snapshots = Extract<RepositoryAnswer, { kind: 'snapshots' }>

/** `snapshot` is the one of the attempt, or the one that it is identical with. */
export function outcomeByAnswer(
  attempt: Attempt,
  run: RunEvidence,
  snapshot: Snapshot | undefined,
  endedAt: number,
  answer: Snapshots,
  knowledge: EndKnowledge,
): Outcome {
  if (snapshot !== undefined) return outcomeOf(snapshot)
  const isExpired = mayHaveExpired(attempt, endedAt, answer.bySource)
  return (isExpired ? outcomeOfExpired(attempt, run, knowledge) : undefined) ?? 'failed'
}

/**
 * The snapshot that stands for the attempt, if it left none of its own since nothing had changed: by its policy, and as far
 * as its log or hooks tell. The files that could not be read are a part of what Kopia compares, so an attempt that is
 * identical with a failed one has failed as well.
 */
export function identicalOf(
  attempt: Attempt,
  run: RunEvidence,
  endedAt: number,
  answer: Snapshots,
): Snapshot | undefined {
  const { bySource, ignoresIdentical } = answer
  const { source, reportedResult, mayBeIdentical, finishedAt, errorAfter, hasRunAfterAction } = attempt
  const hasNoError =
    errorAfter === undefined || isErrorOfOthers(attempt, run, (other) => hasFailedForCertain(other, answer))
  const isOneOfSeveral = mayBeIdentical === true && finishedAt !== undefined && hasNoError
  const isReported = reportedResult?.kind === 'identical' || isOneOfSeveral
  // Without a log, nothing says why the snapshot is missing. After an after-action, usually nothing had changed.
  if ((!isReported && !hasRunAfterAction) || !ignoresIdentical(source)) return undefined
  const held = bySource.get(formatSource(source)) ?? []
  const before = held.filter(({ startedAt }) => startedAt <= endedAt)
  // Retention may have deleted the one that it was identical with.
  return newestComplete(before) ?? newestComplete(held)
}

/** Whether an attempt left no snapshot though it had to leave one. */
function hasFailedForCertain(attempt: Attempt, { bySource, ignoresIdentical }: Snapshots): boolean {
  const { source, finishedAt, mayBeIdentical } = attempt
  if (finishedAt === undefined || findSnapshot(attempt, finishedAt, bySource) !== undefined) return false
  const held = bySource.get(formatSource(source)) ?? []
  return !(mayBeIdentical && ignoresIdentical(source) && newestComplete(held) !== undefined)
}

/** A later snapshot is there, and retention may have deleted this one: the log decides, or the hooks. */
function outcomeOfExpired(attempt: Attempt, run: RunEvidence, knowledge: EndKnowledge): Outcome | undefined {
  const { origin, reportedResult, hasRunAfterAction, uploadErrors, finishedAt, errorAfter } = attempt
  if (origin === 'hook') return hasRunAfterAction ? 'success' : undefined
  if (reportedResult?.kind === 'created-partial') return 'incomplete'
  if (origin === 'server') {
    // It flushes between the result and the end of its work.
    const isFinished = reportedResult?.kind === 'created' && finishedAt !== undefined
    return isFinished && uploadErrors === 0 && errorAfter === undefined ? 'success' : undefined
  }
  if (isFlushed(run)) return 'success'
  // `--no-trace-storage`, the log level and a repository server hide the lines that show the flush.
  // A process that only fell silent may have been killed before it.
  const mayHaveEndedWell =
    run.finalError === undefined && run.repository === 'unknown' && knowledge === 'certain'
  return reportedResult !== undefined && mayHaveEndedWell ? 'success' : undefined
}
