// A run is one process of Kopia; within it each source is an attempt. Records go in, evidence comes out.

import type { LogRecord } from './log-record.ts'
import { type FatalErrors, meaningOf } from './meaning.ts'
import { formatSource, type Source } from './source.ts'

/** What the log claims of an attempt's end; the repository has the last word (verdict.ts). */
export type Claim =
  | { readonly kind: 'created'; readonly snapshotId: string }
  | { readonly kind: 'created-partial'; readonly snapshotId: string }
  | { readonly kind: 'identical' }

/** All times in Unix seconds by the clock of the log. */
export type Attempt = {
  readonly source: Source
  /** The log tells before the snapshot begins, a hook after it has. */
  readonly toldBy: 'log' | 'hook'
  readonly startedAt: number
  readonly claim?: Claim
  readonly claimedAt?: number
  /** How long the upload itself took, by Kopia's monotonic clock. */
  readonly uploadSeconds?: number
  /** Files that could not be read, fatal and ignored together. */
  readonly uploadErrors?: number
}

export type RunEvidence = {
  readonly attempts: readonly Attempt[]
  readonly lastRecordAt?: number
  /** The error that ended the run; its exit code was then not 0. */
  readonly finalError?: string
  readonly fatalErrors: readonly FatalErrors[]
}

export const noEvidence: RunEvidence = { attempts: [], fatalErrors: [] }

/** Folds one record into what is known of the run. Pure: the same records give the same evidence. */
export function addRecord(run: RunEvidence, record: LogRecord): RunEvidence {
  const meaning = meaningOf(record)
  if (meaning === undefined) return run
  const next: RunEvidence = { ...run, lastRecordAt: record.timeSeconds }
  switch (meaning.kind) {
    case 'snapshotting':
    case 'uploading':
      return startAttempt(next, meaning.source, record.timeSeconds)
    case 'uploaded':
      return updateOpen(next, { uploadSeconds: meaning.durationSeconds, uploadErrors: meaning.errors })
    case 'created':
    case 'created-partial':
    case 'identical':
      return updateOpen(next, { claim: meaning, claimedAt: record.timeSeconds })
    case 'ignored-errors':
      return next
    case 'final-error':
      return { ...next, finalError: meaning.message, fatalErrors: meaning.fatalErrors }
  }
}

/** True once nothing but the end of the process is awaited, which then is near. */
export function isNearItsEnd(run: RunEvidence): boolean {
  return run.finalError !== undefined || run.attempts.at(-1)?.claim !== undefined
}

/** `Snapshotting S` and `uploading {"source":S}` tell of the same attempt. */
function startAttempt(run: RunEvidence, source: Source, startedAt: number): RunEvidence {
  const open = run.attempts.at(-1)
  const known =
    open !== undefined && open.claim === undefined && formatSource(open.source) === formatSource(source)
  return known ? run : { ...run, attempts: [...run.attempts, { source, toldBy: 'log', startedAt }] }
}

/** An attempt takes one claim: a line that a path forged comes too late, or before there is an attempt. */
function updateOpen(run: RunEvidence, change: Partial<Attempt>): RunEvidence {
  const open = run.attempts.at(-1)
  if (open === undefined || open.claim !== undefined) return run
  return { ...run, attempts: [...run.attempts.slice(0, -1), { ...open, ...change }] }
}
