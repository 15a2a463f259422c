// Decides the outcome of an attempt by the log alone, where Kopia does not answer. Pure.

import { formatSource } from '../source.ts'
import type { Attempt, RunEvidence } from './evidence.ts'
import type { Outcome } from './outcome-kinds.ts'

/** Where Kopia does not answer, a success needs a log that reports it and shows the flush of its snapshot. */
export function outcomeByLog(attempt: Attempt, run: RunEvidence): Outcome | undefined {
  if (attempt.reportedResult?.kind === 'created-partial') return 'incomplete'
  return attempt.origin === 'server' ? outcomeOfServerByLog(attempt) : outcomeOfCommandByLog(attempt, run)
}

/** A server logs the result before it finishes the source, and no fatal errors: only the repository knows of those. */
function outcomeOfServerByLog(attempt: Attempt): Outcome | undefined {
  const { reportedResult, uploadErrors = 0, finishedAt, isAmbiguous, errorAfter } = attempt
  if (finishedAt === undefined || isAmbiguous) return undefined
  if (reportedResult === undefined) return 'failed'
  return uploadErrors > 0 || errorAfter !== undefined ? undefined : 'success'
}

function outcomeOfCommandByLog(attempt: Attempt, run: RunEvidence): Outcome | undefined {
  const { reportedResult, source, uploadErrors = 0 } = attempt
  if (run.fatalErrors.some(({ sourceText }) => sourceText === formatSource(source))) return 'failed'
  // Kopia is silent about files that could not be read if the snapshot before has the same errors.
  if (reportedResult?.kind === 'identical' && uploadErrors > 0) return undefined
  if (reportedResult !== undefined) return isFlushed(run) ? 'success' : undefined
  if (run.finalError === undefined || isFlushed(run)) return undefined
  // With `--json` the log reports no result at all, so it does not show which source the error is about.
  const reportsResults = run.attempts.some((other) => other.reportedResult !== undefined)
  return reportsResults || run.attempts.length === 1 ? 'failed' : undefined
}

/** Whether the log shows that the snapshots of a command are in the repository: Kopia flushes before it goes on or closes. */
export function isFlushed({ flushedAt, repository, finalError }: RunEvidence): boolean {
  return flushedAt !== undefined || (repository === 'closed' && finalError === undefined)
}
