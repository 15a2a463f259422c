// Silent runs whose processes were never seen: they have ended, or go on where they can't be seen.

import { type Identity, settleRun } from '../kopia/runs/attempts.ts'
import type { RepositoryAnswer } from '../kopia/runs/finished-attempt.ts'
import type { EndedRun } from '../kopia/runs/run.ts'
import type { RunTracker } from '../kopia/runs/tracker.ts'

type QuietRun = { readonly key: string; readonly runId: string; readonly run: EndedRun }

/** The key changes with what the run has reported: after news of it the repository is asked once more. */
export function quietRunsOf(tracker: Pick<RunTracker, 'quietRuns'>): readonly QuietRun[] {
  return tracker.quietRuns().map(([runId, run]) => {
    const { attempts } = run.evidence
    const reported = attempts.filter(({ reportedResult }) => reportedResult !== undefined).length
    return { key: `quiet ${runId} ${attempts.length} ${reported} ${run.hookCalls.length}`, runId, run }
  })
}

/** Whether the repository holds a snapshot of each of its attempts, or rightly holds none: then it has ended. */
export function isEachProven(
  answer: RepositoryAnswer,
  { run }: QuietRun,
  identity: Identity | undefined,
): boolean {
  const finished = settleRun(run, answer, identity) ?? []
  return (
    finished.length > 0 &&
    finished.every(({ outcome, snapshotId }) => outcome === 'success' || snapshotId !== undefined)
  )
}
