// What each line of Kopia's logs means: the one place that knows its texts (seen on 0.19 to 0.23).

import { parseSource, type Source } from '../source.ts'
import type { LogRecord } from './record.ts'

export type Meaning =
  | { readonly kind: 'snapshotting'; readonly source: Source; readonly by: 'command' | 'server' }
  /** The same news as `snapshotting`, with the source escaped, so that it can't be forged by a path. */
  | { readonly kind: 'uploading'; readonly source: Source }
  | { readonly kind: 'uploaded'; readonly durationSeconds: number; readonly errors: number }
  | { readonly kind: 'created'; readonly snapshotId: string }
  | { readonly kind: 'created-partial'; readonly snapshotId: string }
  | { readonly kind: 'identical' }
  | { readonly kind: 'ignored-errors'; readonly count: number; readonly sourceText: string }
  /** A server is through with a source, well or not. */
  | { readonly kind: 'finished'; readonly sourceText: string }
  /** A server failed to back up a source, and does not say which. */
  | { readonly kind: 'server-error'; readonly message: string }
  /** The repository was opened, or closed: DEBUG lines, so one that closes tells only where one that opens stands. */
  | { readonly kind: 'opened' }
  | { readonly kind: 'closed' }
  | { readonly kind: 'final-error'; readonly message: string; readonly fatalErrors: readonly FatalErrors[] }

export type FatalErrors = { readonly count: number; readonly sourceText: string }

/**
 * Texts of which every record with a meaning holds one: only what holds one is decoded. Each that is searched for
 * `everywhere` costs a pass over the log. Those `nearby` stand close to one of them, or to an end of the log.
 */
export type Markers = { readonly everywhere: readonly string[]; readonly nearby: readonly string[] }

/** The markers for a log of a command, such as `snapshot-create`, whose logs are the longest and need the fewest. */
export function markersOf(command: string, form: 'text' | 'json'): Markers {
  const logger = (name: string) => (form === 'json' ? `"n":"${name}"` : ` ${name} `)
  const upload = form === 'json' ? '"m":"uploading"' : ' uploader uploading'
  const everywhere = [logger('kopia/cli'), '"path":".","dur"']
  const ends = ['[STORAGE] Close', 'throttling limits from connection info']
  if (command === 'snapshot-create') return { everywhere, nearby: [upload, ...ends] }
  return { everywhere: [...everywhere, logger('kopia/server'), upload], nearby: ends }
}

/** What a record says about a run; undefined for the many that say nothing. */
export function meaningOf(record: LogRecord): Meaning | undefined {
  switch (record.logger) {
    case 'kopia/cli':
      return meaningOfCommandLine(record)
    case 'kopia/server':
      return meaningOfServer(record)
    case 'kopia/repo':
      return meaningOfRepository(record)
    case 'uploader':
      return meaningOfUploader(record)
    default:
      return undefined
  }
}

function meaningOfCommandLine({ level, message }: LogRecord): Meaning | undefined {
  if (level === 'ERROR') return { kind: 'final-error', message, fatalErrors: fatalErrorsIn(message) }
  if (level === 'WARN') return meaningOfWarning(message)
  const source = parseSource(/^Snapshotting (.+) \.\.\.$/s.exec(message)?.[1] ?? '')
  if (source !== undefined) return { kind: 'snapshotting', source, by: 'command' }
  const [, partial, snapshotId] =
    /^Created (partial )?snapshot with root \S+ and ID (\w+) in /.exec(message) ?? []
  if (snapshotId !== undefined) return { kind: partial ? 'created-partial' : 'created', snapshotId }
  return isIdentical(message) ? { kind: 'identical' } : undefined
}

function meaningOfServer({ level, message, fields }: LogRecord): Meaning | undefined {
  if (level === 'ERROR')
    return message.startsWith('snapshot error') ? { kind: 'server-error', message } : undefined
  if (message === 'snapshotting' && typeof fields.source === 'string') {
    const source = parseSource(fields.source)
    return source && { kind: 'snapshotting', source, by: 'server' }
  }
  const snapshotId = /^created snapshot (\w+)$/.exec(message)?.[1]
  if (snapshotId !== undefined) return { kind: 'created', snapshotId }
  const finished = /^finished uploading (.+)$/s.exec(message)?.[1]
  if (finished !== undefined) return { kind: 'finished', sourceText: finished }
  return isIdentical(message) ? { kind: 'identical' } : undefined
}

function isIdentical(message: string): boolean {
  return /^\s*Not saving snapshot because no files have been changed/.test(message)
}

function meaningOfRepository({ message }: LogRecord): Meaning | undefined {
  if (message === 'throttling limits from connection info') return { kind: 'opened' }
  return message === '[STORAGE] Close' ? { kind: 'closed' } : undefined
}

function meaningOfWarning(message: string): Meaning | undefined {
  const [, count, sourceText] = /^Ignored (\d+) error\(s\) while snapshotting (.+)\.$/s.exec(message) ?? []
  return sourceText === undefined ? undefined : { kind: 'ignored-errors', count: Number(count), sourceText }
}

/** `Found 1 fatal error(s) while snapshotting S.`, alone or among others below `encountered 2 errors:`. */
function fatalErrorsIn(message: string): FatalErrors[] {
  const found = message.matchAll(/^Found (\d+) fatal error\(s\) while snapshotting (.+)\.$/gm)
  return [...found].map(([, count, sourceText = '']) => ({ count: Number(count), sourceText }))
}

function meaningOfUploader({ message, fields }: LogRecord): Meaning | undefined {
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

/** A Go duration such as `1m2.3s` or `881.4µs` (pkg.go.dev/time#ParseDuration) in seconds. */
export function parseGoDuration(text: unknown): number | undefined {
  if (typeof text !== 'string' || !/^(\d+(\.\d+)?(h|ms|m|s|µs|μs|us|ns))+$/.test(text)) return undefined
  let seconds = 0
  for (const [, number, unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|µs|μs|us|ns)/g)) {
    seconds += Number(number) * (secondsPerUnit[unit] ?? 0)
  }
  return seconds
}
