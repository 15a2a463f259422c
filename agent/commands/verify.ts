// verify: proves that the newest snapshots can be read back. It runs beside the agent, and leaves it the results.

import { styleText } from 'node:util'
import type { Source } from '../kopia/source.ts'
import { prepareStateDirectory } from '../ledger/state-directory.ts'
import { writeVerification } from '../ledger/verification-files.ts'
import type { Settings } from '../settings/settings.ts'
import { hasCode } from '../util/files.ts'
import type { RunListener } from '../verify/verification-run.ts'
import { verifyAll } from '../verify/verify-all.ts'
import { jsonOutput, tableOutput, type VerifyOutput } from './verify-output.ts'
import { namesOf, selectionOf } from './verify-selection.ts'

export type VerifyStreams = {
  readonly output: NodeJS.WriteStream & { fd: 1 }
  readonly messages: NodeJS.WriteStream & { fd: 2 }
  readonly printError: (line: string) => void
}

/** Resolves with the exit code: 0 only where every source was proven. `names` are sources; none: all of this agent. */
export async function verifyCommand(
  settings: Settings,
  names: readonly string[],
  format: 'table' | 'json',
  streams: VerifyStreams,
): Promise<0 | 1> {
  const { printError } = streams
  const signal = stopSignal()
  try {
    await prepareStateDirectory(settings.stateDirectory)
    const selection = await selectionOf(settings, names)
    const output = outputOf(format, streams)
    const tally = createTally()
    const result = await verifyAll({
      ...selection,
      settings,
      signal,
      nowSeconds: () => Date.now() / 1000,
      random: Math.random,
      listener: listenerOf(settings, output, tally),
    }).finally(output.end)
    if (result.kind === 'held') {
      printError(`the process ${result.processId} verifies already; wait until it has ended`)
      return 1
    }
    const problems = [
      ...tally.problems(names),
      ...(signal.aborted ? ['ended before all sources were verified'] : []),
    ]
    for (const problem of problems) printError(problem)
    return problems.length === 0 && tally.areAllProven() ? 0 : 1
  } catch (error) {
    printError(problemOf(error, settings))
    return 1
  }
}

function problemOf(error: unknown, { stateDirectory }: Settings): string {
  if (hasCode(error, 'ENOSPC'))
    return `the disk of the state directory ${stateDirectory} is full: make room on it`
  return error instanceof Error ? error.message : String(error)
}

/**
 * The first signal ends the run, which then removes what it has restored. A second one ends the process at once. The listeners
 * stay: execa, too, listens while a Kopia runs, and would end this process where nobody else does (signal-exit).
 */
function stopSignal(): AbortSignal {
  const stopping = new AbortController()
  const stop = () => (stopping.signal.aborted ? process.exit(1) : stopping.abort())
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  return stopping.signal
}

function outputOf(format: 'table' | 'json', { output, messages }: VerifyStreams): VerifyOutput {
  const write = (text: string) => void output.write(text)
  if (format === 'json') return jsonOutput(write)
  const columns = output.isTTY ? output.columns : undefined
  return tableOutput({
    write,
    writeProgress: messages.isTTY
      ? (text) => void messages.write(`\r\x1b[K${text.slice(0, messages.columns - 1)}`)
      : undefined,
    columns,
    paint: (colour, text) => styleText(colour, text, { stream: output }),
  })
}

function listenerOf(settings: Settings, output: VerifyOutput, tally: Tally): RunListener {
  return {
    ...output,
    onBegin: () => undefined,
    onSources: (sources) => {
      tally.onSources(sources)
      output.onSources(sources)
    },
    onResult: async (source, verification) => {
      tally.onOutcome(verification.result.outcome)
      output.onResult(source, verification)
      await writeVerification(settings.stateDirectory, source, verification)
    },
  }
}

type Tally = ReturnType<typeof createTally>

/** Counts what was asked for and what was proven. */
function createTally() {
  const known = new Set<string>()
  let sources = 0
  let proven = 0
  return {
    onSources: (all: readonly Source[]) => {
      sources = all.length
      for (const name of all.flatMap(namesOf)) known.add(name)
    },
    onOutcome: (outcome: 'proven' | 'faulty' | 'unproven') => {
      if (outcome === 'proven') proven += 1
    },
    problems: (names: readonly string[]) => {
      const unknown = names.filter((name) => !known.has(name))
      if (unknown.length > 0) return unknown.map((name) => `there is no complete snapshot of ${name}`)
      return sources === 0 ? ['there is no complete snapshot to verify'] : []
    },
    areAllProven: () => sources > 0 && proven === sources,
  }
}
