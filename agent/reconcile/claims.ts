// Which snapshots belong to other attempts: a snapshot that is found by its time alone may be that of the next run.

import type { Attempt } from '../kopia/runs/evidence.ts'
import type { RepositoryAnswer } from '../kopia/runs/finished-attempt.ts'
import type { Runs } from '../kopia/runs/run.ts'
import { formatSource } from '../kopia/source.ts'
import type { Ledger } from '../ledger/ledger.ts'

/** The answer for the attempts of a run, with what the logs of other runs and the ledger know of its snapshots. */
export function withClaims<Answer extends RepositoryAnswer | { readonly kind: 'interrupted' }>(
  answer: Answer,
  runId: string,
  runs: Runs,
  sources: Ledger['sources'],
): Answer {
  if (answer.kind !== 'snapshots') return answer
  const claimed = claimedByOthers(runId, runs)
  const isOfAnother = (snapshotId: string, { source, startedAt }: Attempt) => {
    const { lastAttempt, foundSnapshotId } = sources.get(formatSource(source)) ?? {}
    // Counted from the repository alone, it may be the one of this attempt.
    const isCounted = lastAttempt?.snapshotId === snapshotId && foundSnapshotId !== snapshotId
    return claimed.has(snapshotId) || (isCounted && lastAttempt.startedAt !== startedAt)
  }
  return { ...answer, isOfAnother }
}

function claimedByOthers(runId: string, runs: Runs): ReadonlySet<string> {
  const claimed = new Set<string>()
  for (const [otherId, run] of runs) {
    if (otherId === runId || run.state === 'settled') continue
    for (const { reportedResult } of run.evidence.attempts)
      if (reportedResult !== undefined && reportedResult.kind !== 'identical')
        claimed.add(reportedResult.snapshotId)
  }
  return claimed
}
