// One call of Kopia's CLI: starts it, limits its time and output, and parses its result.

import { execa } from 'execa'

export type KopiaResult<T> = { readonly ok: true; readonly value: T } | KopiaFailure
/** The command that failed, and why, in one line. */
export type KopiaFailure = { readonly ok: false; readonly command: string; readonly reason: string }

export type KopiaOptions = {
  readonly binary: string
  readonly configPath: string
  readonly password: string
  readonly logDirectory: string
  /** Aborts the calls under way. */
  readonly signal: AbortSignal
  /** Called before each call of the CLI. */
  readonly onBegin?: () => void
  /** Called after each call of the CLI, for the agent's own metrics. */
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

const usualTimeLimitMs = 60_000
const longOutputLines = 1000
/** For an output that is read as a whole. */
const mostOutputBytes = 64 * 1024 * 1024

/** Runs Kopia without a shell. Never rejects: a failure of Kopia is a result. */
export async function callKopia<T>(options: KopiaOptions, call: KopiaCall<T>): Promise<KopiaResult<T>> {
  const { command, onLine } = call
  const subcommand = command.slice(0, 2).join(' ')
  options.onBegin?.()
  // Without the flag Kopia would log this command, and the agent would read its own calls as runs.
  const result = await execa(options.binary, ['--disable-file-logging', ...command], {
    env: environment(options),
    input: call.input ?? '',
    reject: false,
    timeout: options.timeLimitMs ?? call.timeLimitMs ?? usualTimeLimitMs,
    maxBuffer: mostOutputBytes,
    cancelSignal: options.signal,
    forceKillAfterDelay: 1000,
    ...(onLine && { stdout: { transform: passTo(onLine, options.onLongAnswer) } }),
  })
  const outcome: KopiaResult<T> = result.failed
    ? failure(`kopia ${subcommand}`, reasonOf(result), options.password)
    : parseOutput(`kopia ${subcommand}`, typeof result.stdout === 'string' ? result.stdout : '', call)
  options.onCall(subcommand, outcome.ok)
  return outcome
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

/** Leaves out what is not set: Kopia treats an empty variable differently from a missing one. */
function environment(options: KopiaOptions): Record<string, string> {
  return {
    KOPIA_CHECK_FOR_UPDATES: 'false',
    ...(options.configPath && { KOPIA_CONFIG_PATH: options.configPath }),
    ...(options.password && { KOPIA_PASSWORD: options.password }),
    ...(options.logDirectory && { KOPIA_LOG_DIR: options.logDirectory }),
  }
}

function reasonOf(result: {
  readonly shortMessage?: string | undefined
  readonly originalMessage?: string | undefined
  readonly stderr?: unknown
  readonly timedOut: boolean
  readonly durationMs: number
}): string {
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
    const problem = error instanceof Error ? error.message : String(error)
    return { ok: false, command: name, reason: `unexpected answer: ${problem}` }
  }
}

function failure(name: string, reason: string, password: string): KopiaFailure {
  const safe = password === '' ? reason : reason.replaceAll(password, '***')
  return { ok: false, command: name, reason: safe.split('\n')[0] ?? '' }
}
