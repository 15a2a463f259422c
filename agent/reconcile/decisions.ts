// Decides how pending runs and attempts went, by what the repository answered. Pure: it changes nothing.

import { type Identity, settleRun } from '../kopia/runs/attempts.ts'
import { attributionOf, type LogDirectoryUse } from '../kopia/runs/attribution.ts'
import type { Configuration } from '../kopia/runs/configuration.ts'
import type { FinishedAttempt, RepositoryAnswer } from '../kopia/runs/finished-attempt.ts'
import { decideOutcome } from '../kopia/runs/outcome.ts'
import { flushGraceSeconds, hookGraceSeconds, type PendingAttempt, type PendingItem } from './pending.ts'

export type Decision = { readonly item: PendingItem } & (
  | { readonly kind: 'own'; readonly finished: readonly FinishedAttempt[] }
  /** It belongs to another repository, or perhaps to another one: nothing of it counts. */
  | { readonly kind: 'other' | 'unknown' }
)

type DecisionFacts = {
  readonly answer: RepositoryAnswer
  readonly identity: Identity | undefined
  readonly configuration: Configuration | undefined
  readonly use: LogDirectoryUse
  readonly nowSeconds: number
}

/** How the attempts of the item went; undefined while only a later answer can tell. */
export function decide(item: PendingItem, facts: DecisionFacts): Decision | undefined {
  const { answer, identity, configuration, use, nowSeconds } = facts
  if (configuration?.kind === 'other') return { item, kind: 'other' }
  const finished =
    item.kind === 'run' ? settleRun(item.run, answer, identity) : decideAttempt(item, answer, nowSeconds)
  if (finished === undefined) return undefined
  const { evidence } = item.run
  const attribution = attributionOf({ configuration, use, evidence, finished, answer })
  if (attribution === undefined) return undefined
  return attribution === 'own' ? { item, kind: 'own', finished } : { item, kind: attribution }
}

/** Kopia saves the snapshot after the after-action, and logs what went wrong after it has finished: both may still come. */
function decideAttempt(
  { run, attempt }: PendingAttempt,
  answer: RepositoryAnswer,
  nowSeconds: number,
): readonly FinishedAttempt[] | undefined {
  const finishedAt = attempt.finishedAt ?? nowSeconds
  const ageSeconds = nowSeconds - finishedAt
  const finished = decideOutcome(attempt, run.evidence, finishedAt, answer)
  if (finished === undefined) return undefined
  const isProven = finished.snapshotId !== undefined
  const mayStillBeSaved = attempt.origin === 'hook' && !isProven && ageSeconds < hookGraceSeconds.last
  const mayStillFail = answer.kind === 'unavailable' && ageSeconds < flushGraceSeconds
  return mayStillBeSaved || mayStillFail ? undefined : [finished]
}
