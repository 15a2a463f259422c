// Decides the outcome of an attempt by the repository's answer, with the help of the log. Pure.

import { newestComplete, type Snapshot } from '../cli/snapshots.ts'
import { formatSource } from '../source.ts'
import { mayHaveExpired } from './attempt-snapshot.ts'
import type { Attempt, RunEvidence } from './evidence.ts'
import { outcomeOf, type RepositoryAnswer } from './finished-attempt.ts'
import { isFlushed } from './outcome-by-log.ts'
import type { Outcome } from './outcome-kinds.ts'

type Snapshots = Extract<RepositoryAnswer, { kind: 'snapshots' }>

/** `snapshot` is the one of the attempt, if the repository holds one. */
export function outcomeByAnswer(
  attempt: Attempt,
  run: RunEvidence,
  snapshot: Snapshot | undefined,
  endedAt: number,
  answer: Snapshots,
): Outcome {
  if (snapshot !== undefined) return outcomeOf(snapshot)
  if (isRightlyLeftOut(attempt, answer)) return 'success'
  const isExpired = mayHaveExpired(attempt, endedAt, answer.bySource)
  return (isExpired ? outcomeOfExpired(attempt, run) : undefined) ?? 'failed'
}

/** Whether the attempt left no snapshot since nothing had changed: by its policy, and as far as its log or hooks tell. */
function isRightlyLeftOut(attempt: Attempt, { bySource, ignoresIdentical }: Snapshots): boolean {
  const { reportedResult, mayBeIdentical, errorAfter, hasRunAfterAction } = attempt
  const isReported =
    reportedResult?.kind === 'identical' || (mayBeIdentical === true && errorAfter === undefined)
  // Without a log, nothing says why the snapshot is missing. After an after-action, usually nothing had changed.
  if (!isReported && !hasRunAfterAction) return false
  const held = bySource.get(formatSource(attempt.source)) ?? []
  return ignoresIdentical(attempt.source) && newestComplete(held) !== undefined
}

/** A later snapshot is there, and retention may have deleted this one: the log decides, or the hooks. */
function outcomeOfExpired(attempt: Attempt, run: RunEvidence): Outcome | undefined {
  const { origin, reportedResult, hasRunAfterAction, uploadErrors = 0, errorAfter } = attempt
  if (origin === 'hook') return hasRunAfterAction ? 'success' : undefined
  if (reportedResult?.kind === 'created-partial') return 'incomplete'
  if (origin === 'server') {
    const isGood = reportedResult?.kind === 'created' && uploadErrors === 0 && errorAfter === undefined
    return isGood ? 'success' : undefined
  }
  if (reportedResult === undefined) return isFlushed(run) ? 'success' : undefined
  return run.finalError === undefined && run.repository !== 'opened' ? 'success' : undefined
}
