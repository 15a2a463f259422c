// Decides whether a run belongs to the agent's repository: several can share a log directory. Pure.

import { formatSource } from '../source.ts'
import type { Configuration } from './configuration.ts'
import type { Attempt, RunEvidence } from './evidence.ts'
import type { FinishedAttempt, RepositoryAnswer } from './finished-attempt.ts'
import { isFlushed } from './outcome-by-log.ts'

/** `unknown`: what the run reports makes neither a success nor a failure. */
export type Attribution = 'own' | 'other' | 'unknown'

/** Whether runs of other configurations write to the same log directory, as far as the agent has seen. */
export type LogDirectoryUse = 'shared' | 'not shared'

type AttributionFacts = {
  readonly configuration: Configuration | undefined
  readonly use: LogDirectoryUse
  readonly evidence: RunEvidence
  /** The outcomes that the run would have here. */
  readonly finished: readonly FinishedAttempt[]
  readonly answer: RepositoryAnswer
}

/** What is known before the repository is asked: where nothing names the configuration, a directory of its own does. */
export function firstAttribution(
  configuration: Configuration | undefined,
  use: LogDirectoryUse,
): Attribution {
  return configuration?.kind ?? (use === 'shared' ? 'unknown' : 'own')
}

/** What is known after it; undefined while only its answer can tell. */
export function attributionOf(facts: AttributionFacts): Attribution | undefined {
  const { configuration, use, evidence, finished, answer } = facts
  if (configuration !== undefined) return configuration.kind
  if (evidence.attempts.some((attempt) => isHeld(attempt, finished))) return 'own'
  if (answer.kind === 'unavailable') return use === 'shared' || claimsSuccess(finished) ? undefined : 'own'
  if (use === 'shared') return 'unknown'
  return evidence.attempts.some((attempt) => isForeign(attempt, evidence, finished)) ? 'unknown' : 'own'
}

/** Another repository that nobody has seen yet may have the success. A failure says nothing good that could be wrong. */
function claimsSuccess(finished: readonly FinishedAttempt[]): boolean {
  return finished.some(({ outcome }) => outcome === 'success')
}

/**
 * Whether the repository holds the very snapshot that the log reports. One that was found by its time alone proves nothing: a
 * run of the other repository can have made its own at the same time.
 */
function isHeld({ reportedResult }: Attempt, finished: readonly FinishedAttempt[]): boolean {
  if (reportedResult === undefined || reportedResult.kind === 'identical') return false
  return finished.some(({ snapshotId }) => snapshotId === reportedResult.snapshotId)
}

/** An attempt that ended well, and whose snapshot the repository does not hold, backed up to another one. */
function isForeign(attempt: Attempt, run: RunEvidence, finished: readonly FinishedAttempt[]): boolean {
  const { origin, source, startedAt, reportedResult, finishedAt, errorAfter } = attempt
  if (reportedResult?.kind !== 'created') return false
  const endedWell =
    origin === 'server'
      ? finishedAt !== undefined && errorAfter === undefined
      : isFlushed(run) && run.finalError === undefined
  const isLost = finished.some(
    (other) =>
      other.outcome === 'failed' &&
      other.startedAt === startedAt &&
      formatSource(other.source) === formatSource(source),
  )
  return endedWell && isLost
}
