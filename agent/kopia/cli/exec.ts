// One call of Kopia's CLI: starts it, limits its time and output, and parses its result.

import { execa } from 'execa'
import { messageOf } from '../../util/error-text.ts'

export type KopiaResult<T> = { readonly ok: true; readonly value: T } | KopiaFailure
/** The command that failed, and why, in one line. */
export type KopiaFailure = { readonly ok: false; readonly command: string; readonly reason: string }

export type KopiaOptions = {
  readonly binary: string
  /** A program and its arguments that start Kopia, such as `runuser`; by default Kopia is started by itself. */
  readonly launcher?: readonly string[]
  readonly configPath: string
  readonly password: string
  readonly logDirectory: string
  /** Where a Kopia that can't do without a log of each call leaves it: never the directory whose logs the agent reads. */
  readonly ownLogDirectory: string
  /** Aborts the calls under way. */
  readonly signal: AbortSignal
  /** Called before each question to the CLI. */
  readonly onBegin?: () => void
  /** Called once after each question, for the agent's own metrics; a call that was refused and repeated is one question. */
  readonly onCall: (command: string, ok: boolean) => void
  /** Called when an output reaches 1,000 lines: parsing it and updating the ledger will be much work. */
  readonly onLongAnswer?: () => void
  /** Replaces the time limits of all calls. */
  readonly timeLimitMs: number | undefined
}

type KopiaCall<T> = {
  readonly command: readonly string[]
  /** Replaces the usual time limit. */
  readonly timeLimitMs?: number
  readonly input?: string
  /** Parses the output; throws an Error that says what was expected. */
  readonly parse: (text: string) => T
  /** Gets the output line by line if it may be too large for memory; `parse` then gets an empty text. */
  readonly onLine?: (line: string) => void
}

/** The setting `kopia_timeout` names it, and the longer one: a test compares them. */
export const usualTimeLimitMs = 60_000
const longOutputLines = 1000
/** For an output that is read as a whole. */
const mostOutputBytes = 64 * 1024 * 1024

/** Asks Kopia without a shell. Never rejects: a failure of Kopia is a result. */
export type AskKopia = <T>(call: KopiaCall<T>) => Promise<KopiaResult<T>>

/** Binds the options. */
export function createAskKopia(options: KopiaOptions): AskKopia {
  const unlogged = createUnlogged(options.ownLogDirectory)
  return async (call) => {
    const command = call.command.slice(0, 2).join(' ')
    options.onBegin?.()
    const result = await unlogged((flags) => start(options, call, flags))
    const answer = answerOf(`kopia ${command}`, result, call, options.password)
    options.onCall(command, answer.ok)
    return answer
  }
}

/** Starts calls with flags that keep Kopia from logging them as runs. */
type Unlogged = <T extends Refusable>(startWith: (flags: readonly string[]) => Promise<T>) => Promise<T>
type Refusable = { readonly failed: boolean; readonly stderr?: unknown }

/** The answers of one Kopia teach which flags it knows: a call that it refuses for them is repeated with others. */
export function createUnlogged(ownLogDirectory: string): Unlogged {
  let flags: readonly string[] = [noLogFlag]
  return async (startWith) => {
    const result = await startWith(flags)
    if (!isFlagRefused(result, noLogFlag)) return result
    flags = ownLogFlags(ownLogDirectory)
    return await startWith(flags)
  }
}

const noLogFlag = '--disable-file-logging'

/** For Kopia before 0.21, which logs each call. It keeps that many files of each kind. */
function ownLogFlags(directory: string): readonly string[] {
  return ['--log-dir', directory, '--log-dir-max-files=2', '--content-log-dir-max-files=2']
}

/** Kopia refuses a flag before it does or prints anything else. Builds from source don't tell their version. */
export function isFlagRefused({ failed, stderr }: Refusable, flag: string): boolean {
  return failed && String(stderr ?? '').includes(`unknown long flag '${flag}'`)
}

type Ended = {
  readonly failed: boolean
  readonly shortMessage?: string | undefined
  readonly originalMessage?: string | undefined
  readonly stdout?: unknown
  readonly stderr?: unknown
  readonly timedOut: boolean
  readonly durationMs: number
}

async function start<T>(
  options: KopiaOptions,
  { command, input, timeLimitMs, onLine }: KopiaCall<T>,
  flags: readonly string[],
): Promise<Ended> {
  const [program = options.binary, ...parameters] = [...(options.launcher ?? []), options.binary]
  return await execa(program, [...parameters, ...flags, ...command], {
    env: environment(options),
    input: input ?? '',
    reject: false,
    timeout: options.timeLimitMs ?? timeLimitMs ?? usualTimeLimitMs,
    maxBuffer: mostOutputBytes,
    cancelSignal: options.signal,
    forceKillAfterDelay: 1000,
    ...(onLine && { stdout: { transform: passTo(onLine, options.onLongAnswer) } }),
  })
}

function answerOf<T>(name: string, result: Ended, call: KopiaCall<T>, password: string): KopiaResult<T> {
  if (result.failed) return failure(name, reasonOf(result), password)
  return parseOutput(name, typeof result.stdout === 'string' ? result.stdout : '', call)
}

/** Passes each line on and keeps none, so that execa buffers nothing. */
function passTo(
  onLine: (line: string) => void,
  onLongAnswer: KopiaOptions['onLongAnswer'],
): (line: unknown) => Generator<string> {
  let lines = 0
  // biome-ignore lint/correctness/useYield: execa wants a generator, even for a transform that yields nothing
  return function* transform(line) {
    lines += 1
    if (lines === longOutputLines) onLongAnswer?.()
    onLine(String(line))
  }
}

type Configured = Pick<KopiaOptions, 'configPath' | 'password' | 'logDirectory'>

/** Leaves out what is not set: Kopia treats an empty variable differently from a missing one. */
export function environment(options: Configured): Record<string, string> {
  return {
    KOPIA_CHECK_FOR_UPDATES: 'false',
    ...(options.configPath && { KOPIA_CONFIG_PATH: options.configPath }),
    ...(options.password && { KOPIA_PASSWORD: options.password }),
    ...(options.logDirectory && { KOPIA_LOG_DIR: options.logDirectory }),
  }
}

function reasonOf(result: Ended): string {
  if (result.timedOut) return `no answer within ${Math.round(result.durationMs / 1000)} s, it was ended`
  const lastLine = String(result.stderr ?? '')
    .trim()
    .split('\n')
    .at(-1)
  return lastLine || (result.originalMessage ?? result.shortMessage ?? 'it could not be started')
}

function parseOutput<T>(name: string, text: string, { parse }: KopiaCall<T>): KopiaResult<T> {
  try {
    return { ok: true, value: parse(text) }
  } catch (error) {
    const problem = messageOf(error)
    return { ok: false, command: name, reason: `unexpected answer: ${problem}` }
  }
}

function failure(name: string, reason: string, password: string): KopiaFailure {
  return { ok: false, command: name, reason: withoutPassword(reason, password).split('\n')[0] ?? '' }
}

export function withoutPassword(text: string, password: string): string {
  return password === '' ? text : text.replaceAll(password, '***')
}
