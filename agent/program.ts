// Runs another program to its end. By Node's own means: what execa adds is 7 MiB of an idle agent.

import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'

export type ProgramOptions = {
  /** Beside the agent's own. */
  readonly environment?: Readonly<Record<string, string>>
  readonly input?: string
  /** After it the program is ended. */
  readonly timeLimitMs: number
  /** Ends the program, too. */
  readonly signal?: AbortSignal
  /** Takes the output line by line where it may be too large to stand in memory. */
  readonly onLine?: (line: string) => void
}

/** What it wrote, without the newline at the end; or in one line why it failed, in its own words if it has any. */
export type ProgramEnd =
  | { readonly kind: 'done'; readonly output: string }
  | { readonly kind: 'failed'; readonly reason: string }

type Child = ChildProcessByStdio<Writable, Readable, Readable>

/** Of an output that is taken as a whole. */
const largestOutputCharacters = 64 * 1024 * 1024
/** The reason stands in the last line of the complaints. */
const keptComplaintCharacters = 16 * 1024
/** How long a program that is to end may take for it. */
const graceMs = 1000

/** Runs `file`; never through a shell. Never rejects for anything that the program does, not even for not being there. */
export async function runProgram(
  file: string,
  operands: readonly string[],
  options: ProgramOptions,
): Promise<ProgramEnd> {
  try {
    return await runToEnd(file, operands, options)
  } catch (error) {
    return { kind: 'failed', reason: error instanceof Error ? error.message : String(error) }
  }
}

async function runToEnd(
  file: string,
  operands: readonly string[],
  options: ProgramOptions,
): Promise<ProgramEnd> {
  const child: Child = spawn(file, operands, {
    env: { ...process.env, ...options.environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const ending = createEnding(child)
  const limit = setTimeout(
    () => ending.begin(`no answer within ${Math.round(options.timeLimitMs / 1000)} s, it was ended`),
    options.timeLimitMs,
  )
  const onAbort = () => ending.begin('it was ended with the agent')
  options.signal?.addEventListener('abort', onAbort)
  if (options.signal?.aborted) onAbort()
  const output = collectOutput(child, options.onLine, ending.begin)
  const complaints = collectComplaints(child)
  giveInput(child, options.input)
  try {
    const [code, signal] = await once(child, 'close')
    const reason = ending.reason() ?? (code === 0 ? undefined : complaints() || howItEnded(code, signal))
    return reason === undefined ? { kind: 'done', output: output() } : { kind: 'failed', reason }
  } finally {
    clearTimeout(limit)
    ending.over()
    options.signal?.removeEventListener('abort', onAbort)
  }
}

type Ending = {
  readonly begin: (reason: string) => void
  /** Why it was ended; undefined where it was left to itself. */
  readonly reason: () => string | undefined
  readonly over: () => void
}

/** First it is asked to end, then it is killed; and nobody waits for children of its own that still hold its output. */
function createEnding(child: Child): Ending {
  let why: string | undefined
  let kill: NodeJS.Timeout | undefined
  return {
    begin: (reason) => {
      if (why !== undefined) return
      why = reason
      child.kill()
      kill = setTimeout(() => {
        child.kill('SIGKILL')
        child.stdout.destroy()
        child.stderr.destroy()
      }, graceMs)
    },
    reason: () => why,
    over: () => clearTimeout(kill),
  }
}

function collectOutput(
  child: Child,
  onLine: ProgramOptions['onLine'],
  end: (reason: string) => void,
): () => string {
  if (onLine !== undefined) {
    createInterface({ input: child.stdout, crlfDelay: Number.POSITIVE_INFINITY }).on('line', onLine)
    return () => ''
  }
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    if (text.length <= largestOutputCharacters) text += part
    else end(`it wrote more than ${largestOutputCharacters} characters`)
  })
  return () => text.replace(/\r?\n$/, '')
}

function collectComplaints(child: Child): () => string {
  let text = ''
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    text = (text + part).slice(-keptComplaintCharacters)
  })
  return () => text.trim().split('\n').at(-1) ?? ''
}

function giveInput(child: Child, input = ''): void {
  // A program need not read its input, nor start at all: that shows in how it ends.
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
}

function howItEnded(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `it ended with exit code ${code}` : `it was ended by ${signal}`
}
