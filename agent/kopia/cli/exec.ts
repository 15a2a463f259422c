// One call of Kopia's CLI: how it is started, how long it may take, and what came of it.

import { execa } from 'execa'

/** An answer, or which command failed and why, in one line. */
export type Answer<T> = { readonly ok: true; readonly value: T } | Unanswered
export type Unanswered = { readonly ok: false; readonly command: string; readonly reason: string }

export type KopiaOptions = {
  readonly binary: string
  readonly configPath: string
  readonly password: string
  readonly logDirectory: string
  /** Ends calls that are under way when the agent stops. */
  readonly signal: AbortSignal
  /** Told before each call. */
  readonly onBegin?: () => void
  /** Told after each call, for the agent's own metrics. */
  readonly onCall: (command: string, ok: boolean) => void
  /** Told while an answer comes that is so long that there will be much to do with it. */
  readonly onLongAnswer?: () => void
  /** Instead of the usual time limits; after it a call is ended. */
  readonly timeLimitMs: number | undefined
}

export type Question<T> = {
  readonly command: readonly string[]
  /** Instead of the usual time limit. */
  readonly timeLimitMs?: number
  readonly input?: string
  /** Makes a value of the answer, or throws an Error that says what was expected. */
  readonly parse: (text: string) => T
  /** Takes the answer line by line where it may be too large to stand in memory; `parse` is then given no text. */
  readonly onLine?: (line: string) => void
}

const usualTimeLimitMs = 60_000
const longAnswerLines = 1000
/** Of an answer that is taken as a whole. */
const largestAnswerBytes = 64 * 1024 * 1024

/** Asks Kopia; never through a shell. Never rejects for anything that Kopia does. */
export async function ask<T>(options: KopiaOptions, question: Question<T>): Promise<Answer<T>> {
  const { command, onLine } = question
  const subcommand = command.slice(0, 2).join(' ')
  options.onBegin?.()
  // Kopia logs every command, this one too: without the flag the agent would read about itself.
  const result = await execa(options.binary, ['--disable-file-logging', ...command], {
    env: environment(options),
    input: question.input ?? '',
    reject: false,
    timeout: options.timeLimitMs ?? question.timeLimitMs ?? usualTimeLimitMs,
    maxBuffer: largestAnswerBytes,
    cancelSignal: options.signal,
    forceKillAfterDelay: 1000,
    ...(onLine && { stdout: { transform: handingTo(onLine, options.onLongAnswer) } }),
  })
  const answer: Answer<T> = result.failed
    ? failure(`kopia ${subcommand}`, reasonOf(result), options.password)
    : parseAnswer(`kopia ${subcommand}`, typeof result.stdout === 'string' ? result.stdout : '', question)
  options.onCall(subcommand, answer.ok)
  return answer
}

/** Takes each line, and leaves nothing of it for the result. */
function handingTo(
  onLine: (line: string) => void,
  onLongAnswer: KopiaOptions['onLongAnswer'],
): (line: unknown) => Generator<string> {
  let lines = 0
  // biome-ignore lint/correctness/useYield: a transform of execa's is a generator, also one that keeps all for itself
  return function* transform(line) {
    lines += 1
    if (lines === longAnswerLines) onLongAnswer?.()
    onLine(String(line))
  }
}

/** Only what is set is passed on: an empty value would mean another thing to Kopia than none. */
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

function parseAnswer<T>(name: string, text: string, { parse }: Question<T>): Answer<T> {
  try {
    return { ok: true, value: parse(text) }
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    return { ok: false, command: name, reason: `unexpected answer: ${problem}` }
  }
}

function failure(name: string, reason: string, password: string): Answer<never> {
  const safe = password === '' ? reason : reason.replaceAll(password, '***')
  return { ok: false, command: name, reason: safe.split('\n')[0] ?? '' }
}
