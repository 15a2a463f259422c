// A finished attempt, and the answer of the repository that decides it.

import type { Snapshot } from '../cli/snapshots.ts'
import type { Source } from '../source.ts'
import type { Outcome } from './outcome-kinds.ts'
import { reasonOf } from './reason.ts'

/** A finished attempt. Times in Unix seconds. */
export type FinishedAttempt = {
  readonly source: Source
  readonly outcome: Outcome
  readonly startedAt: number
  readonly endedAt: number
  readonly durationSeconds: number
  /** Files that could not be read, according to the repository. */
  readonly errors: FileErrors
  /** The snapshot that the attempt created. No other attempt can have created it. */
  readonly snapshotId?: string
  /** Why it made no complete backup, in one line without secrets; undefined for a success. */
  readonly reason?: string
  /** It was counted before, when only its silence was known. */
  readonly wasCounted?: true
}

type FileErrors = { readonly fatal: number; readonly ignored: number }

/** The repository's snapshots by source, the oldest first, or the fact that Kopia did not answer. */
export type RepositoryAnswer =
  | {
      readonly kind: 'snapshots'
      readonly bySource: ReadonlyMap<string, readonly Snapshot[]>
      /** Whether Kopia saves no snapshot of a source in which nothing has changed. */
      readonly ignoresIdentical: (source: Source) => boolean
      /**
       * The id of the newest complete snapshot that was known before this answer; undefined if there was none, and empty if
       * that is not known.
       */
      readonly newestIdBefore: (source: Source) => string | undefined
    }
  | { readonly kind: 'unavailable' }

/** The attempt behind a snapshot that no log and no hook reported, for example one of another machine. */
export function attemptOf(snapshot: Snapshot): FinishedAttempt {
  const outcome = outcomeOf(snapshot)
  const reason = reasonOf({ source: snapshot.source, outcome, snapshot })
  return {
    source: snapshot.source,
    outcome,
    startedAt: snapshot.startedAt,
    endedAt: snapshot.endedAt,
    durationSeconds: Math.max(0, snapshot.endedAt - snapshot.startedAt),
    errors: { fatal: snapshot.fatalErrors, ignored: snapshot.ignoredErrors },
    snapshotId: snapshot.id,
    ...(reason !== undefined && { reason }),
  }
}

/** The outcome of the attempt that created this snapshot. A checkpoint remains if the process was killed. */
export function outcomeOf(snapshot: Snapshot): Outcome {
  if (snapshot.incomplete === 'checkpoint') return 'failed'
  if (snapshot.incomplete !== undefined) return 'incomplete'
  return snapshot.fatalErrors > 0 ? 'failed' : 'success'
}
