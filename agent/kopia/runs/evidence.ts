// A run is one process of Kopia; within it each source is an attempt. Records go in, evidence comes out.

import { type FatalErrors, meaningOf } from '../log/messages.ts'
import type { LogRecord } from '../log/record.ts'
import { formatSource, type Source } from '../source.ts'

/** What the log claims of an attempt's end; the repository has the last word (verdict.ts). */
export type ReportedResult =
  | { readonly kind: 'created'; readonly snapshotId: string }
  | { readonly kind: 'created-partial'; readonly snapshotId: string }
  | { readonly kind: 'identical' }

/** All times in Unix seconds by the clock of the log. */
export type Attempt = {
  readonly source: Source
  /** A log tells before the snapshot begins, a hook after it has. */
  readonly origin: 'command' | 'server' | 'hook'
  readonly startedAt: number
  readonly reportedResult?: ReportedResult
  readonly reportedAt?: number
  /** When a server said that it is through with the source. */
  readonly finishedAt?: number
  /** Told by hooks alone: Kopia came as far as to call the after-action. */
  readonly hasRunAfterAction?: boolean
  /** How long the upload itself took, by Kopia's monotonic clock. */
  readonly uploadSeconds?: number
  /** Files that could not be read, fatal and ignored together. */
  readonly uploadErrors?: number
}

export type RunEvidence = {
  readonly attempts: readonly Attempt[]
  /** The error that ended the run; its exit code was then not 0. */
  readonly finalError?: string
  readonly fatalErrors: readonly FatalErrors[]
  /** The newest error of a server, which names no source. */
  readonly serverError?: { readonly message: string; readonly at: number }
  readonly repository: 'unknown' | 'opened' | 'closed'
}

export const noEvidence: RunEvidence = { attempts: [], fatalErrors: [], repository: 'unknown' }

/** Folds one record into what is known of the run. Pure: the same records give the same evidence. */
export function addRecord(run: RunEvidence, record: LogRecord): RunEvidence {
  const meaning = meaningOf(record)
  const at = record.timeSeconds
  switch (meaning?.kind) {
    case 'snapshotting':
      return startAttempt(run, { source: meaning.source, origin: meaning.by, startedAt: at })
    case 'uploading':
      // A DEBUG line: so the line that closes the repository must follow, unless the process is killed.
      return confirmAttempt(
        { ...run, repository: 'opened' },
        { source: meaning.source, origin: 'command', startedAt: at },
      )
    case 'uploaded':
      return updateOpen(run, { uploadSeconds: meaning.durationSeconds, uploadErrors: meaning.errors })
    case 'created':
    case 'created-partial':
    case 'identical':
      return reportResult(run, meaning, at)
    case 'finished':
      return finishAttempt(run, meaning.sourceText, at)
    case 'server-error':
      return { ...run, serverError: { message: meaning.message, at } }
    case 'opened':
    case 'closed':
      return { ...run, repository: meaning.kind }
    case 'final-error':
      return { ...run, finalError: meaning.message, fatalErrors: meaning.fatalErrors }
    case 'ignored-errors':
    case undefined:
      return run
  }
}

/** True once nothing but the end of the process is awaited, which then is near. */
export function isNearItsEnd(run: RunEvidence): boolean {
  const last = run.attempts.at(-1)
  return run.finalError !== undefined || run.repository === 'closed' || last?.reportedResult !== undefined
}

/** The attempts that are under way: of a command the last one, of a server all that it has not finished. */
export function openAttempts(run: RunEvidence): readonly Attempt[] {
  const last = run.attempts.at(-1)
  return run.attempts.filter((attempt) =>
    attempt.origin === 'server'
      ? attempt.finishedAt === undefined
      : attempt === last && attempt.reportedResult === undefined,
  )
}

function startAttempt(run: RunEvidence, attempt: Attempt): RunEvidence {
  return { ...run, attempts: [...run.attempts, attempt] }
}

/**
 * `uploading` repeats what the line before said, and can't be forged. Where that line could not be read it begins the attempt;
 * where it named another source, a path with a newline in it had cut it short, and that source was never touched.
 */
function confirmAttempt(run: RunEvidence, told: Attempt): RunEvidence {
  const open = openAttempts(run)
  const named = open.find((attempt) => plain(attempt.source) === plain(told.source))
  const known = named ?? open.find((attempt) => attempt.origin === 'command')
  if (known === undefined) return startAttempt(run, told)
  return replace(run, known, { ...known, source: told.source })
}

/** Bytes that are no UTF-8 become one replacement character or several, depending on who decodes. */
function plain(source: Source): string {
  return formatSource(source).replace(/\uFFFD+/g, '\uFFFD')
}

/** With several attempts under way nobody can tell whose line it is: then the repository alone decides. */
function updateOpen(run: RunEvidence, change: Partial<Attempt>): RunEvidence {
  const [open, ...others] = openAttempts(run)
  if (open === undefined || others.length > 0 || open.reportedResult !== undefined) return run
  return replace(run, open, { ...open, ...change })
}

/** A path that forges a line was named before the attempt began, and so was the time in it. */
function reportResult(run: RunEvidence, reportedResult: ReportedResult, reportedAt: number): RunEvidence {
  const begins = openAttempts(run).map(({ startedAt }) => startedAt)
  return reportedAt < Math.min(...begins) ? run : updateOpen(run, { reportedResult, reportedAt })
}

function finishAttempt(run: RunEvidence, sourceText: string, finishedAt: number): RunEvidence {
  const open = openAttempts(run).filter((attempt) => attempt.origin === 'server')
  const named = open.find((attempt) => formatSource(attempt.source) === sourceText)
  const attempt = named ?? (open.length === 1 ? open[0] : undefined)
  return attempt === undefined ? run : replace(run, attempt, { ...attempt, finishedAt })
}

function replace(run: RunEvidence, attempt: Attempt, by: Attempt): RunEvidence {
  return { ...run, attempts: run.attempts.map((other) => (other === attempt ? by : other)) }
}
