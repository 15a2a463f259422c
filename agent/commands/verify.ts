// verify: proves that the newest snapshots can be read back. It runs beside the agent, and leaves it the results.

import { styleText } from 'node:util'
import { formatSource, type Source } from '../kopia/source.ts'
import type { Verification } from '../ledger/proof.ts'
import { prepareStateDirectory } from '../ledger/state-directory.ts'
import { writeVerification } from '../ledger/verification-files.ts'
import type { Settings } from '../settings/settings.ts'
import { visible } from '../status/words.ts'
import { messageOf } from '../util/error-text.ts'
import { hasCode } from '../util/files.ts'
import type { RunListener } from '../verify/verification-run.ts'
import { verifyAll } from '../verify/verify-all.ts'
import { jsonOutput, tableOutput, type VerifyOutput } from './verify-output.ts'
import { namesOf, selectionOf } from './verify-selection.ts'

type VerifyStreams = {
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
    const problems = tally.problems(names, signal.aborted)
    for (const problem of problems) printError(problem)
    return problems.length === 0 && tally.areResultsGood() ? 0 : 1
  } catch (error) {
    printError(problemOf(error, settings))
    return 1
  }
}

function problemOf(error: unknown, { stateDirectory }: Settings): string {
  if (hasCode(error, 'ENOSPC'))
    return `the disk of the state directory ${stateDirectory} is full: make room on it`
  return messageOf(error)
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
      tally.onResult(source, verification)
      output.onResult(source, verification)
      await writeVerification(settings.stateDirectory, source, verification)
    },
  }
}

type Tally = ReturnType<typeof createTally>

/** Notes what was asked for, what got a result, and what was proven. */
function createTally() {
  const known = new Set<string>()
  const waiting = new Map<string, Source>()
  let areResultsGood = true
  return {
    onSources: (all: readonly Source[]) => {
      for (const name of all.flatMap(namesOf)) known.add(name)
      for (const source of all) waiting.set(formatSource(source), source)
    },
    onResult: (source: Source, { result }: Verification) => {
      waiting.delete(formatSource(source))
      areResultsGood &&= result.outcome === 'proven'
    },
    problems: (names: readonly string[], isEnded: boolean) => {
      const unknown = names.filter((name) => !known.has(name))
      if (isEnded) return ['ended before all sources were verified']
      if (unknown.length > 0) return unknown.map((name) => `there is no complete snapshot of ${name}`)
      if (known.size === 0) return ['there is no complete snapshot to verify']
      return [...waiting.keys()].map(
        (name) =>
          `${visible(name)} is not verified: it has no complete snapshot now, or backups left no time`,
      )
    },
    areResultsGood: () => areResultsGood,
  }
}
