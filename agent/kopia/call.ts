// One call of Kopia's CLI: how it is started, how long it may take, and what came of it.

import { runProgram } from '../program.ts'

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

/** Asks Kopia. Never rejects for anything that Kopia does. */
export async function ask<T>(options: KopiaOptions, question: Question<T>): Promise<Answer<T>> {
  const { command, input, onLine } = question
  const subcommand = command.slice(0, 2).join(' ')
  options.onBegin?.()
  // Kopia logs every command, this one too: without the flag the agent would read about itself.
  const end = await runProgram(options.binary, ['--disable-file-logging', ...command], {
    environment: environment(options),
    timeLimitMs: options.timeLimitMs ?? question.timeLimitMs ?? usualTimeLimitMs,
    signal: options.signal,
    ...(input !== undefined && { input }),
    ...(onLine !== undefined && { onLine }),
  })
  const name = `kopia ${subcommand}`
  const answer: Answer<T> =
    end.kind === 'failed'
      ? failure(name, end.reason, options.password)
      : parseAnswer(name, end.output, question)
  options.onCall(subcommand, answer.ok)
  return answer
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
