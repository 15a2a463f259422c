// Decides how pending runs and attempts went, by what the repository answered. Pure: it changes nothing.

import { type Identity, settleRun } from '../kopia/runs/attempts.ts'
import { decideOutcome, type FinishedAttempt, type RepositoryAnswer } from '../kopia/runs/outcome.ts'
import { hookGraceSeconds, type PendingAttempt, type PendingItem } from './pending.ts'

export type Decision = { readonly item: PendingItem; readonly finished: readonly FinishedAttempt[] }

/** How the attempts of the item went; undefined while only a later answer can tell. */
export function decide(
  item: PendingItem,
  answer: RepositoryAnswer,
  identity: Identity | undefined,
  nowSeconds: number,
): Decision | undefined {
  const finished =
    item.kind === 'run' ? settleRun(item.run, answer, identity) : decideAttempt(item, answer, nowSeconds)
  return finished && { item, finished }
}

/** Kopia saves the snapshot after the after-action: a missing one may still come. */
function decideAttempt(
  { run, attempt }: PendingAttempt,
  answer: RepositoryAnswer,
  nowSeconds: number,
): readonly FinishedAttempt[] | undefined {
  const finishedAt = attempt.finishedAt ?? nowSeconds
  const finished = decideOutcome(attempt, run.evidence, finishedAt, answer)
  if (finished === undefined) return undefined
  const mayStillBeSaved =
    attempt.origin === 'hook' &&
    finished.snapshotId === undefined &&
    nowSeconds - finishedAt < hookGraceSeconds.last
  return mayStillBeSaved ? undefined : [finished]
}
