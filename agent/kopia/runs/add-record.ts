// Adds the records of a log to the evidence of its run. Pure.

import { interpret, type Message } from '../log/messages.ts'
import type { LogRecord } from '../log/record.ts'
import { formatSource, parseSource, type Source } from '../source.ts'
import {
  type Attempt,
  openAttempts,
  type QueuedSource,
  type ReportedResult,
  type RunEvidence,
} from './evidence.ts'
import { withoutForgedEnd } from './forged-end.ts'
import { changeAttempts, noteServerError } from './server-errors.ts'

/** Adds one record to the evidence. Pure: the same records give the same evidence. */
export function addRecord(run: RunEvidence, record: LogRecord): RunEvidence {
  const message = interpret(record)
  if (message === undefined) return run
  const at = record.timeSeconds
  return { ...addMessage(withoutForgedEnd(run, message), message, at), newestRecordAt: at }
}

function addMessage(run: RunEvidence, message: Message, at: number): RunEvidence {
  switch (message.kind) {
    case 'snapshotting':
      return startAttempt(run, { source: message.source, origin: 'command', startedAt: at })
    case 'queued':
      return queueSource(run, { source: message.source, at })
    case 'upload-started':
      return startQueued(run, message.sourceText, at)
    case 'uploading':
      return confirmAttempt(run, { source: message.source, origin: 'command', startedAt: at })
    case 'uploaded':
      return updateOpen(run, { uploadSeconds: message.durationSeconds, uploadErrors: message.errors })
    case 'created':
    case 'created-partial':
    case 'identical':
      return reportResult(run, message, at)
    case 'finished':
      return finishAttempt(run, message.sourceText, at)
    case 'server-error':
      return noteServerError(run, message.message, at)
    case 'opened':
      return { ...run, repository: 'opened' }
    case 'closed':
      return { ...run, repository: 'closed', closedAt: at }
    case 'maintenance':
      return noteMaintenance(run, message.configurationPath, at)
    case 'final-error':
      return { ...run, finalError: message.message, finalErrorAt: at, fatalErrors: message.fatalErrors }
  }
}

function startAttempt(run: RunEvidence, attempt: Attempt): RunEvidence {
  return { ...run, attempts: [...run.attempts, attempt] }
}

/** The queue has the parts of the source; the text alone can be read in several ways. */
function startQueued(run: RunEvidence, sourceText: string, startedAt: number): RunEvidence {
  const queued = findQueued(run, sourceText)
  const source = queued?.source ?? parseSource(sourceText)
  if (source === undefined) return run
  return startAttempt(withoutQueued(run, queued), { source, origin: 'server', startedAt })
}

/** A source waits once, however often its server says so. */
function queueSource(run: RunEvidence, added: QueuedSource): RunEvidence {
  const { queued = [] } = withoutQueued(run, findQueued(run, formatSource(added.source)))
  return { ...run, queued: [...queued, added] }
}

function findQueued({ queued = [] }: RunEvidence, sourceText: string): QueuedSource | undefined {
  return queued.find(({ source }) => formatSource(source) === sourceText)
}

function withoutQueued(run: RunEvidence, queued: QueuedSource | undefined): RunEvidence {
  if (queued === undefined) return run
  return { ...run, queued: (run.queued ?? []).filter((other) => other !== queued) }
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
  const open = openAttempts(run)
  if (reportedAt < Math.min(...open.map(({ startedAt }) => startedAt))) return run
  if (open.length === 1) return updateOpen(run, { reportedResult, reportedAt })
  const change: Partial<Attempt> =
    reportedResult.kind === 'identical' ? { isAmbiguous: true, mayBeIdentical: true } : { isAmbiguous: true }
  return changeAttempts(run, (attempt) => open.includes(attempt), change)
}

/** A server can finish a source that it never began: its path is missing. */
function finishAttempt(run: RunEvidence, sourceText: string, finishedAt: number): RunEvidence {
  const open = openAttempts(run).filter((attempt) => attempt.origin === 'server')
  const queued = findQueued(run, sourceText)
  const named = open.find((attempt) => formatSource(attempt.source) === sourceText)
  const attempt = named ?? (open.length === 1 && queued === undefined ? open[0] : undefined)
  if (attempt !== undefined) return replace(run, attempt, { ...attempt, finishedAt })
  if (queued === undefined) return run
  const { source } = queued
  return startAttempt(withoutQueued(run, queued), {
    source,
    origin: 'server',
    startedAt: finishedAt,
    finishedAt,
  })
}

/** A server looks after its repository at any time. A line that a path forges was named before the attempt began. */
function noteMaintenance(run: RunEvidence, configurationPath: string | undefined, at: number): RunEvidence {
  const { attempts, flushedAt } = run
  const isCommand = attempts.some(({ origin }) => origin === 'command')
  const isLater = attempts.every(({ startedAt, reportedAt = startedAt }) => at >= reportedAt)
  return {
    ...run,
    ...(isCommand && isLater && flushedAt === undefined && { flushedAt: at }),
    ...(configurationPath !== undefined && { configurationPath }),
  }
}

function replace(run: RunEvidence, attempt: Attempt, by: Attempt): RunEvidence {
  return { ...run, attempts: run.attempts.map((other) => (other === attempt ? by : other)) }
}
