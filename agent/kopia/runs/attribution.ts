// Decides whether a run belongs to the agent's repository: several can share a log directory. Pure.

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
  if (finished.some(({ snapshotId }) => snapshotId !== undefined)) return 'own'
  if (answer.kind === 'unavailable') return use === 'shared' ? undefined : 'own'
  if (use === 'shared') return 'unknown'
  return isForeign(evidence, finished) ? 'unknown' : 'own'
}

/** A run that ended well, and of whose snapshots the repository holds none, backed up to another one. */
function isForeign(evidence: RunEvidence, finished: readonly FinishedAttempt[]): boolean {
  const reportsSnapshot = ({ reportedResult }: Attempt) => reportedResult?.kind === 'created'
  const isLost = finished.some(({ outcome }) => outcome === 'failed')
  return (
    isLost &&
    isFlushed(evidence) &&
    evidence.finalError === undefined &&
    evidence.attempts.some(reportsSnapshot)
  )
}
