// What the log of a run proves. A run is one process of Kopia; each source that it backs up is an attempt.

import type { FatalErrors } from '../log/messages.ts'
import type { Source } from '../source.ts'

/** The result that the log reports for an attempt. The repository's answer overrides it (outcome.ts). */
export type ReportedResult =
  | { readonly kind: 'created'; readonly snapshotId: string }
  | { readonly kind: 'created-partial'; readonly snapshotId: string }
  | { readonly kind: 'identical' }

/** All times are Unix seconds by the clock of the log. */
export type Attempt = {
  readonly source: Source
  /** Kopia logs the start of an attempt before the snapshot begins, and calls the hook afterwards. */
  readonly origin: 'command' | 'server' | 'hook'
  readonly startedAt: number
  readonly reportedResult?: ReportedResult
  readonly reportedAt?: number
  /** When a server ended its work on the source; of a command, when everything was flushed. */
  readonly finishedAt?: number
  /** Only for the origin `hook`: Kopia called the after-action. */
  readonly hasRunAfterAction?: boolean
  /** Only for the origin `hook`: the essential action whose failure made Kopia fail the backup. */
  readonly failedAction?: { readonly action: 'before' | 'after'; readonly exitCode: number }
  /** Duration of the upload by Kopia's monotonic clock. */
  readonly uploadSeconds?: number
  /** Files that could not be read: fatal and ignored errors together. */
  readonly uploadErrors?: number
  /** A server backed up other sources meanwhile and reported a result: the line does not say of which source. */
  readonly isAmbiguous?: true
  /** One of those results was an unchanged source. */
  readonly mayBeIdentical?: true
  /** The error that a server logged right after it had finished the source. It names no source. */
  readonly errorAfter?: string
  /** Silence has ended the attempt before, and it is counted. Its run went on. */
  readonly wasCounted?: true
}

/** A source that waits until its server has a slot for it. */
export type QueuedSource = { readonly source: Source; readonly at: number }

/**
 * An error of a server, and the sources, as `user@host:path`, one of which it concerns; `failed` are those of them whose
 * attempts are settled as failed.
 */
export type ServerError = {
  readonly at: number
  readonly sources: readonly string[]
  readonly failed: readonly string[]
}

export type RunEvidence = {
  readonly attempts: readonly Attempt[]
  /** Only of a server. */
  readonly queued?: readonly QueuedSource[]
  /** The error that ended the run. The exit code was then not 0. */
  readonly finalError?: string
  readonly finalErrorAt?: number
  readonly fatalErrors: readonly FatalErrors[]
  /** The newest error of a server. It names no source. */
  readonly serverError?: { readonly message: string; readonly at: number }
  /** The last errors of a server, with the sources that each may concern. */
  readonly serverErrors?: readonly ServerError[]
  readonly repository: 'unknown' | 'opened' | 'closed'
  /** When the repository was last closed. */
  readonly closedAt?: number
  /** When a command had gone well and all its snapshots were in the repository. Maintenance may follow for hours. */
  readonly flushedAt?: number
  /** The configuration file of the run, where its log names it. */
  readonly configurationPath?: string
  /** The time of the newest record that says something about the run. */
  readonly newestRecordAt?: number
}

export const noEvidence: RunEvidence = { attempts: [], fatalErrors: [], repository: 'unknown' }

/** Whether the log holds a sign that the process is about to end: a result, a final error or a closed repository. */
export function isNearItsEnd(run: RunEvidence): boolean {
  return run.finalError !== undefined || run.repository === 'closed' || lastResultAt(run) !== undefined
}

/** When the newest such sign was logged, in Unix seconds; undefined if its time is not known. */
export function nearEndLoggedAt(run: RunEvidence): number | undefined {
  const closedAt = run.repository === 'closed' ? run.closedAt : undefined
  const times = [run.finalErrorAt, closedAt, lastResultAt(run)].filter((at) => at !== undefined)
  return times.length > 0 ? Math.max(...times) : undefined
}

/** When the result of the last attempt was reported; undefined if there is none. */
function lastResultAt(run: RunEvidence): number | undefined {
  const last = run.attempts.at(-1)
  return last?.reportedResult && (last.reportedAt ?? last.startedAt)
}

/**
 * The attempts whose snapshots are not in the repository yet: all of a command until it has flushed, which it does once
 * for all its sources, and all that a server has not finished.
 */
export function unfinishedAttempts(run: RunEvidence): readonly Attempt[] {
  return run.attempts.filter((attempt) =>
    attempt.origin === 'server' ? attempt.finishedAt === undefined : run.flushedAt === undefined,
  )
}

/** The attempts that the next result can belong to: the last one of a command, and all that a server has not finished. */
export function openAttempts(run: RunEvidence): readonly Attempt[] {
  const last = run.attempts.at(-1)
  return run.attempts.filter((attempt) =>
    attempt.origin === 'server'
      ? attempt.finishedAt === undefined
      : attempt === last && attempt.reportedResult === undefined,
  )
}
