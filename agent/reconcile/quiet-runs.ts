// Silent runs whose processes were never seen: they have ended, or go on where they can't be seen.

import { settleRun } from '../kopia/runs/attempts.ts'
import type { RepositoryAnswer } from '../kopia/runs/finished-attempt.ts'
import type { Identity } from '../kopia/runs/hook-attempts.ts'
import type { EndedRun } from '../kopia/runs/run.ts'
import type { RunTracker } from '../kopia/runs/tracker.ts'

export type QuietRun = { readonly key: string; readonly runId: string; readonly run: EndedRun }

/** The key changes with what the run has reported: after news of it the repository is asked once more. */
export function quietRunsOf(tracker: Pick<RunTracker, 'quietRuns'>): readonly QuietRun[] {
  return tracker.quietRuns().map(([runId, run]) => {
    const { attempts } = run.evidence
    const reported = attempts.filter(({ reportedResult }) => reportedResult !== undefined).length
    return { key: `quiet ${runId} ${attempts.length} ${reported} ${run.hookCalls.length}`, runId, run }
  })
}

/**
 * Ends the quiet runs of which the repository holds everything, by an answer that was asked for after they had fallen silent.
 * Returns their ids. A run that wrote while Kopia answered goes on.
 */
export async function endProvenRuns(
  tracker: Pick<RunTracker, 'quietRuns' | 'sweep' | 'end'>,
  quiet: readonly QuietRun[],
  answerFor: (runId: string) => RepositoryAnswer,
  identity: Identity | undefined,
): Promise<ReadonlySet<string>> {
  const proven = quiet.filter((run) => isEachProven(answerFor(run.runId), run, identity))
  if (proven.length === 0) return new Set()
  await tracker.sweep()
  const quietKeys = new Set(quietRunsOf(tracker).map(({ key }) => key))
  const over = proven.filter(({ key }) => quietKeys.has(key)).map(({ runId }) => runId)
  await tracker.end(over)
  return new Set(over)
}

/** Whether the repository holds a snapshot of each of its attempts, or rightly holds none: then it has ended. */
function isEachProven(answer: RepositoryAnswer, { run }: QuietRun, identity: Identity | undefined): boolean {
  const finished = settleRun(run, answer, identity) ?? []
  return (
    finished.length > 0 &&
    finished.every(({ outcome, snapshotId }) => outcome === 'success' || snapshotId !== undefined)
  )
}
