// What the log of a run proves. A run is one process of Kopia; each source that it backs up is an attempt.

import { type FatalErrors, interpret } from '../log/messages.ts'
import type { LogRecord } from '../log/record.ts'
import { formatSource, type Source } from '../source.ts'

/** The result that the log reports for an attempt. The repository's answer overrides it (outcome.ts). */
type ReportedResult =
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
  /** When a server ended its work on the source. */
  readonly finishedAt?: number
  /** Only for the origin `hook`: Kopia called the after-action. */
  readonly hasRunAfterAction?: boolean
  /** Duration of the upload by Kopia's monotonic clock. */
  readonly uploadSeconds?: number
  /** Files that could not be read: fatal and ignored errors together. */
  readonly uploadErrors?: number
}

export type RunEvidence = {
  readonly attempts: readonly Attempt[]
  /** The error that ended the run. The exit code was then not 0. */
  readonly finalError?: string
  readonly finalErrorAt?: number
  readonly fatalErrors: readonly FatalErrors[]
  /** The newest error of a server. It names no source. */
  readonly serverError?: { readonly message: string; readonly at: number }
  readonly repository: 'unknown' | 'opened' | 'closed'
  /** When the repository was last closed. */
  readonly closedAt?: number
}

export const noEvidence: RunEvidence = { attempts: [], fatalErrors: [], repository: 'unknown' }

/** Adds one record to the evidence. Pure: the same records give the same evidence. */
export function addRecord(run: RunEvidence, record: LogRecord): RunEvidence {
  const message = interpret(record)
  const at = record.timeSeconds
  switch (message?.kind) {
    case 'snapshotting':
      return startAttempt(run, { source: message.source, origin: message.by, startedAt: at })
    case 'uploading':
      // The log has DEBUG lines, so a missing `closed` line means from here on that the process was killed.
      return confirmAttempt(
        { ...run, repository: 'opened' },
        { source: message.source, origin: 'command', startedAt: at },
      )
    case 'uploaded':
      return updateOpen(run, { uploadSeconds: message.durationSeconds, uploadErrors: message.errors })
    case 'created':
    case 'created-partial':
    case 'identical':
      return reportResult(run, message, at)
    case 'finished':
      return finishAttempt(run, message.sourceText, at)
    case 'server-error':
      return { ...run, serverError: { message: message.message, at } }
    case 'opened':
      return { ...run, repository: 'opened' }
    case 'closed':
      return { ...run, repository: 'closed', closedAt: at }
    case 'final-error':
      return { ...run, finalError: message.message, finalErrorAt: at, fatalErrors: message.fatalErrors }
    case undefined:
      return run
  }
}

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

/** The attempts in progress: the last one of a command, and all that a server has not finished. */
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
 * `uploading` repeats the source of the `Snapshotting` line, in a form that a path cannot forge. If that line was not
 * readable, `uploading` starts the attempt. If that line named another source, a newline in the path had cut the name
 * short, and Kopia never touched that other source.
 */
function confirmAttempt(run: RunEvidence, confirmed: Attempt): RunEvidence {
  const open = openAttempts(run)
  const named = open.find((attempt) => normalize(attempt.source) === normalize(confirmed.source))
  const known = named ?? open.find((attempt) => attempt.origin === 'command')
  if (known === undefined) return startAttempt(run, confirmed)
  return replace(run, known, { ...known, source: confirmed.source })
}

/** Decoders turn bytes that are not UTF-8 into one replacement character or into several. */
function normalize(source: Source): string {
  return formatSource(source).replace(/\uFFFD+/g, '\uFFFD')
}

/** With several attempts in progress, the line could belong to any of them. Then only the repository decides. */
function updateOpen(run: RunEvidence, change: Partial<Attempt>): RunEvidence {
  const [open, ...others] = openAttempts(run)
  if (open === undefined || others.length > 0 || open.reportedResult !== undefined) return run
  return replace(run, open, { ...open, ...change })
}

/** A path can forge a result line, but the path was named before the attempt began, so its time is too early. */
function reportResult(run: RunEvidence, reportedResult: ReportedResult, reportedAt: number): RunEvidence {
  const starts = openAttempts(run).map(({ startedAt }) => startedAt)
  return reportedAt < Math.min(...starts) ? run : updateOpen(run, { reportedResult, reportedAt })
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
