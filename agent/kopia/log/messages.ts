// What the lines of Kopia's logs mean. No other file knows Kopia's log texts (seen in 0.19 to 0.23).

import { parseSource, type Source } from '../source.ts'
import type { LogRecord } from './record.ts'

export type Message =
  /** A command begins to back up a source. */
  | { readonly kind: 'snapshotting'; readonly source: Source }
  /** A server wants to back up a source. It may wait for others first: so many run at a time. */
  | { readonly kind: 'queued'; readonly source: Source }
  /** A server begins to back up a source. */
  | { readonly kind: 'upload-started'; readonly sourceText: string }
  /** Follows `snapshotting`. Kopia escapes the source here, so a path cannot forge it. */
  | { readonly kind: 'uploading'; readonly source: Source }
  | { readonly kind: 'uploaded'; readonly durationSeconds: number; readonly errors: number }
  | { readonly kind: 'created'; readonly snapshotId: string }
  | { readonly kind: 'created-partial'; readonly snapshotId: string }
  | { readonly kind: 'identical' }
  /** A server has ended its work on a source, with or without success. */
  | { readonly kind: 'finished'; readonly sourceText: string }
  /** A server failed to back up a source. The line does not name the source. */
  | { readonly kind: 'server-error'; readonly message: string }
  /** DEBUG lines. A missing `closed` means something only after an `opened`: `--no-trace-storage`, the log level and a
   * repository server hide both. */
  | { readonly kind: 'opened' }
  | { readonly kind: 'closed' }
  /** Kopia looks after the repository only once a command has gone well and everything is flushed (cli/app.go). */
  | { readonly kind: 'maintenance'; readonly configurationPath?: string }
  | { readonly kind: 'final-error'; readonly message: string; readonly fatalErrors: readonly FatalErrors[] }

/** The final error says that files of this source could not be read. */
export type FatalErrors = { readonly sourceText: string }

/**
 * Every record that `interpret` understands holds one of these texts, so the scanner decodes no other record. Each text
 * in `everywhere` costs one pass over the log. Texts in `nearby` occur close to one of those, or to an end of the log.
 */
type Markers = { readonly everywhere: readonly string[]; readonly nearby: readonly string[] }

/** The markers for the log of a command. `snapshot-create` writes the longest logs and needs the fewest markers. */
export function markersOf(command: string, form: 'text' | 'json'): Markers {
  const logger = (name: string) => (form === 'json' ? `"n":"${name}"` : ` ${name} `)
  const upload = form === 'json' ? '"m":"uploading"' : ' uploader uploading'
  const everywhere = [logger('kopia/cli'), '"path":".","dur"']
  const ends = ['[STORAGE] Close', '[STORAGE] ListBlobs', logger('maintenance')]
  if (command === 'snapshot-create') return { everywhere, nearby: [upload, ...ends] }
  return { everywhere: [...everywhere, logger('kopia/server'), upload], nearby: ends }
}

/** What a record says about its run; undefined for most records, which say nothing about it. */
export function interpret(record: LogRecord): Message | undefined {
  switch (record.logger) {
    case 'kopia/cli':
      return interpretCommandLine(record)
    case 'kopia/server':
      return interpretServer(record)
    case 'kopia/repo':
      return interpretRepository(record)
    case 'uploader':
      return interpretUploader(record)
    case 'maintenance':
      return interpretMaintenance(record)
    default:
      return undefined
  }
}

function interpretCommandLine({ level, message }: LogRecord): Message | undefined {
  if (level === 'ERROR') return { kind: 'final-error', message, fatalErrors: fatalErrorsIn(message) }
  const source = parseSource(/^Snapshotting (.+) \.\.\.$/s.exec(message)?.[1] ?? '')
  if (source !== undefined) return { kind: 'snapshotting', source }
  const [, partial, snapshotId] =
    /^Created (partial )?snapshot with root \S+ and ID (\w+) in /.exec(message) ?? []
  if (snapshotId !== undefined) return { kind: partial ? 'created-partial' : 'created', snapshotId }
  return isIdentical(message) ? { kind: 'identical' } : undefined
}

function interpretServer({ level, message, fields }: LogRecord): Message | undefined {
  if (level === 'ERROR')
    return message.startsWith('snapshot error') ? { kind: 'server-error', message } : undefined
  if (message === 'snapshotting' && typeof fields.source === 'string') {
    const source = parseSource(fields.source)
    return source && { kind: 'queued', source }
  }
  const started = /^starting upload of (.+)$/s.exec(message)?.[1]
  if (started !== undefined) return { kind: 'upload-started', sourceText: started }
  const snapshotId = /^created snapshot (\w+)$/.exec(message)?.[1]
  if (snapshotId !== undefined) return { kind: 'created', snapshotId }
  const finished = /^finished uploading (.+)$/s.exec(message)?.[1]
  if (finished !== undefined) return { kind: 'finished', sourceText: finished }
  return isIdentical(message) ? { kind: 'identical' } : undefined
}

function isIdentical(message: string): boolean {
  return /^\s*Not saving snapshot because no files have been changed/.test(message)
}

function interpretRepository({ message }: LogRecord): Message | undefined {
  // Opening the repository lists its indexes.
  if (message === '[STORAGE] ListBlobs') return { kind: 'opened' }
  return message === '[STORAGE] Close' ? { kind: 'closed' } : undefined
}

function interpretMaintenance({ message }: LogRecord): Message {
  const configurationPath = /^Acquiring maintenance lock in file (.+)\.mlock$/s.exec(message)?.[1]
  return { kind: 'maintenance', ...(configurationPath !== undefined && { configurationPath }) }
}

/** `Found 1 fatal error(s) while snapshotting S.` is the message itself or a line below `encountered 2 errors:`. */
function fatalErrorsIn(message: string): FatalErrors[] {
  const found = message.matchAll(/^Found \d+ fatal error\(s\) while snapshotting (.+)\.$/gm)
  return [...found].map(([, sourceText = '']) => ({ sourceText }))
}

function interpretUploader({ message, fields }: LogRecord): Message | undefined {
  if (message === 'uploading' && typeof fields.source === 'string') {
    const source = parseSource(fields.source)
    return source && { kind: 'uploading', source }
  }
  if (message !== 'snapshotted directory' || fields.path !== '.') return undefined
  const durationSeconds = parseGoDuration(fields.dur)
  if (durationSeconds === undefined) return undefined
  return { kind: 'uploaded', durationSeconds, errors: Number(fields.errors ?? 0) }
}

const secondsPerUnit: Readonly<Record<string, number>> = {
  h: 3600,
  m: 60,
  s: 1,
  ms: 1e-3,
  µs: 1e-6,
  μs: 1e-6,
  us: 1e-6,
  ns: 1e-9,
}

/** Reads a Go duration such as `1m2.3s` or `881.4µs` (pkg.go.dev/time#ParseDuration) as seconds. */
export function parseGoDuration(text: unknown): number | undefined {
  if (typeof text !== 'string' || !/^(\d+(\.\d+)?(h|ms|m|s|µs|μs|us|ns))+$/.test(text)) return undefined
  let seconds = 0
  for (const [, number, unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|µs|μs|us|ns)/g)) {
    seconds += Number(number) * (secondsPerUnit[unit] ?? 0)
  }
  return seconds
}

/** The errors that a final error tells: Kopia joins those of several sources by line ends (cli/command_snapshot_create.go). */
export function errorLinesIn(finalError: string): readonly string[] {
  const several = /^encountered \d+ errors:\n(.*)$/s.exec(finalError)?.[1]
  return (several?.split('\n') ?? [finalError]).filter((line) => line.trim() !== '')
}

/** What went wrong in a server, without the words that each of its errors begins with (internal/server/source_manager.go). */
export function causeOfServerError(message: string): string {
  return message.replace(/^snapshot error: (?:snapshot task: )?/, '')
}
