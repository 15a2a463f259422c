// One call of Kopia's CLI whose output is read while it comes, and which is certain to end in time.

import { execa } from 'execa'
import { createLineSplitter } from '../../util/lines.ts'
import { oneLine } from '../../util/secrets.ts'
import { createUnlogged, environment, isFlagRefused, type KopiaOptions, withoutPassword } from './exec.ts'
import { type ReadErrorKind, readErrorKind } from './read-errors.ts'
import type { ReadFailure } from './reading.ts'

export type ReaderOptions = Omit<KopiaOptions, 'onBegin' | 'onCall' | 'onLongAnswer'> & {
  /** What each call is started through, such as `nice -n 19`; each must replace itself by what it starts. */
  readonly startedThrough: readonly string[]
  /** Instead of the one in the configuration; an absolute path. */
  readonly cacheDirectory: string
  /** When each call is ended at the latest, in Unix milliseconds. Holds instead of `timeLimitMs`. */
  readonly endsAtMs: number
}

export type StreamedCall = {
  readonly command: readonly string[]
  readonly onChunk: (chunk: Buffer) => void
  /** Lines of standard error, each cut at 16,000 characters. */
  readonly onErrorLine?: (line: string) => void
  /** Gets the process; calls `end` to end the call with that failure. Returns a function that ends the watching. */
  readonly watch?: (pid: number, end: (failure: ReadFailure) => void) => () => void
}

type StreamedEnd =
  | { readonly kind: 'done' }
  /** Kopia ended by itself with an error, which is the last line that it wrote. */
  | { readonly kind: 'error'; readonly text: string }
  | { readonly kind: 'failed'; readonly failure: ReadFailure }

const mostLineLength = 16_000
const longestTimeoutMs = 2 ** 31 - 1

type Ended = {
  readonly failed: boolean
  readonly stderr: string
  readonly exitCode: number | undefined
  readonly timedOut: boolean
  readonly isCanceled: boolean
  readonly message: string
  readonly failure: ReadFailure | undefined
}

export type FailureByKopia = { readonly kind: ReadErrorKind; readonly reason: string }

export type StreamedKopia = {
  /** Rejects only with what a callback throws, after Kopia has ended. */
  readonly call: (call: StreamedCall) => Promise<StreamedEnd>
  /** What an error of Kopia says; the reason is one line without secrets. */
  readonly failureOf: (text: string) => FailureByKopia
}

/** Binds the options. */
export function createStreamedKopia(options: ReaderOptions): StreamedKopia {
  const unlogged = createUnlogged(options.ownLogDirectory)
  const reasonOf = (text: string) => oneLine(withoutPassword(text, options.password))
  return {
    call: async (call) => {
      if (options.endsAtMs - Date.now() <= 0)
        return failed('timeout', 'the time was over before Kopia was asked')
      if (options.signal.aborted) return failed('ended', 'it was ended before Kopia was asked')
      return endOf(await unlogged((flags) => start(options, call, flags)), reasonOf)
    },
    failureOf: (text) => ({ kind: readErrorKind(text), reason: reasonOf(text) }),
  }
}

async function start(options: ReaderOptions, call: StreamedCall, flags: readonly string[]): Promise<Ended> {
  const stop = new AbortController()
  let failure: ReadFailure | undefined
  let thrown: { readonly error: unknown } | undefined
  const [file = options.binary, ...parameters] = [
    ...options.startedThrough,
    options.binary,
    ...flags,
    '--no-progress',
    ...call.command,
  ]
  const running = execa(file, parameters, {
    env: {
      ...environment(options),
      // It holds before the directory of the configuration (repo/local_config.go).
      KOPIA_CACHE_DIRECTORY: options.cacheDirectory,
      // Kopia would send a notification of its own for each failed call.
      KOPIA_SEND_ERROR_NOTIFICATIONS: 'never',
    },
    stdin: 'ignore',
    buffer: false,
    reject: false,
    timeout: Math.min(longestTimeoutMs, Math.max(1, options.endsAtMs - Date.now())),
    cancelSignal: AbortSignal.any([options.signal, stop.signal]),
    forceKillAfterDelay: 1000,
  })
  const guarded =
    <T>(callback: (value: T) => void) =>
    (value: T) => {
      if (thrown !== undefined) return
      try {
        callback(value)
      } catch (error) {
        thrown = { error }
        stop.abort()
      }
    }
  let lastLine = ''
  const lines = createLineSplitter((line) => {
    if (line.trim() !== '') lastLine = withoutColour(line)
    call.onErrorLine?.(withoutColour(line))
  }, mostLineLength)
  running.stdout.on('data', guarded(call.onChunk))
  running.stderr.on('data', guarded(lines.add))
  const unwatch =
    running.pid === undefined
      ? undefined
      : call.watch?.(running.pid, (why) => {
          failure ??= why
          stop.abort()
        })
  const result = await running
  unwatch?.()
  guarded(lines.end)(undefined)
  if (thrown !== undefined) throw thrown.error
  const { exitCode, timedOut, isCanceled } = result
  const message = result.originalMessage ?? result.shortMessage ?? ''
  return { failed: result.failed, stderr: lastLine, exitCode, timedOut, isCanceled, message, failure }
}

/** Kopia before 0.21 writes the level in colour in front of its errors, also into a pipe. */
function withoutColour(line: string): string {
  return line
    .replace(/^(?:\p{Cc}\[\d+m)?(?:ERROR|WARN|INFO)(?:\p{Cc}\[0m)? /u, '')
    .replace(/^\p{Cc}\[\d*m/u, '')
}

function endOf(ended: Ended, reasonOf: (text: string) => string): StreamedEnd {
  if (ended.failure !== undefined) return { kind: 'failed', failure: ended.failure }
  if (!ended.failed) return { kind: 'done' }
  if (ended.timedOut) return failed('timeout', 'no answer within the time limit, Kopia was ended')
  if (ended.isCanceled) return failed('ended', 'Kopia was ended')
  if (ended.exitCode === 1) return { kind: 'error', text: ended.stderr || ended.message }
  // Any other end is none of Kopia's own: out of memory, a fault in Kopia, or it could not be started.
  const how = reasonOf(ended.stderr || ended.message.split('\n')[0] || 'it could not be started')
  const by = ended.exitCode === undefined ? '' : `with exit code ${ended.exitCode}`
  return failed('unreachable', `Kopia did not end as usual ${by}: ${how}`.replace(' :', ':'))
}

function failed(kind: ReadFailure['kind'], reason: string): StreamedEnd {
  return { kind: 'failed', failure: { kind, reason } }
}

/** Whether Kopia refused the call because it is too old for the flag. */
export function isRefused(end: StreamedEnd, flag: string): boolean {
  return end.kind === 'error' && isFlagRefused({ failed: true, stderr: end.text }, flag)
}
