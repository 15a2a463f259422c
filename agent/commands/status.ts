// status: shows the state of each source from the ledger; it needs no running agent.

import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { styleText } from 'node:util'
import { lockHolder } from '../ledger/lock.ts'
import { dateWordsIn } from '../report/dates.ts'
import { shortDoubt } from '../report/doubt-words.ts'
import { doubtsAbout } from '../report/doubts.ts'
import type { Settings } from '../settings/settings.ts'
import { type AgentState, statusJson } from '../status/json.ts'
import { problemCount, type Status, statusOf } from '../status/status.ts'
import { type Paint, statusTable } from '../status/table.ts'
import { wrapped } from '../status/text-width.ts'
import { agoWords } from '../status/words.ts'
import { createLiveLedger } from './live-ledger.ts'

type StatusFormat = 'table' | 'json' | 'watch'

type Terminal = NodeJS.WriteStream & { readonly fd: 1 }

type Reading =
  | {
      readonly kind: 'known'
      readonly status: Status
      readonly agent: AgentState
      /** What speaks against the status, one sentence each. */
      readonly doubts: readonly string[]
    }
  | { readonly kind: 'unknown'; readonly reason: string }

type StatusReader = () => Promise<Reading>

const watchIntervalMs = 2000

/** xterm's control sequences for the alternate screen and the cursor; other terminals have the same. */
const screen = {
  enter: '\x1b[?1049h\x1b[?25l',
  leave: '\x1b[?25h\x1b[?1049l',
  home: '\x1b[H',
  clear: '\x1b[J',
  clearLine: '\x1b[K',
} as const

/** Prints the status; resolves with 1 if anything needs attention, or if the status is unknown. */
export async function statusCommand(
  settings: Settings,
  format: StatusFormat,
  output: Terminal,
  printError: (line: string) => void,
): Promise<0 | 1> {
  const read = createStatusReader(settings)
  if (format === 'watch') {
    if (output.isTTY) return watch(read, output)
    printError('--watch needs a terminal; a script can call status --json repeatedly')
    return 1
  }
  const reading = await read()
  if (reading.kind === 'unknown') {
    printError(reading.reason)
    return 1
  }
  output.write(format === 'json' ? statusJson(reading) : textOf(reading, output))
  return exitCodeOf(reading)
}

/** Redraws until Ctrl-C. Lines that do not fit on the screen are left out; the last ones are the healthiest sources. */
async function watch(read: StatusReader, output: Terminal): Promise<0 | 1> {
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stopping.abort())
  let reading: Reading
  output.write(screen.enter)
  try {
    do {
      reading = await read()
      const text = reading.kind === 'known' ? textOf(reading, output) : `${reading.reason}\n`
      output.write(frameOf(text, output.rows))
      await untilNextFrame(output, stopping.signal)
    } while (!stopping.signal.aborted)
  } finally {
    output.write(screen.leave)
  }
  return exitCodeOf(reading)
}

async function untilNextFrame(output: Terminal, stop: AbortSignal): Promise<void> {
  const done = new AbortController()
  const signal = AbortSignal.any([stop, done.signal])
  const ignoreAbort = () => undefined
  await Promise.race([
    sleep(watchIntervalMs, undefined, { signal }).catch(ignoreAbort),
    once(output, 'resize', { signal }).catch(ignoreAbort),
  ])
  done.abort()
}

function frameOf(text: string, rows: number): string {
  const lines = text.trimEnd().split('\n')
  const shown =
    lines.length < rows ? lines : [...lines.slice(0, rows - 2), `… ${lines.length - rows + 2} more lines`]
  return screen.home + shown.map((line) => `${line}${screen.clearLine}\n`).join('') + screen.clear
}

/** Reads the ledger and, for what has begun since it was saved, Kopia's logs. */
function createStatusReader(settings: Settings): StatusReader {
  const live = createLiveLedger(settings)
  return async () => {
    const reading = await live.read()
    if (reading.kind !== 'known') return { kind: 'unknown', reason: reading.reason }
    const { ledger, savedAt } = reading
    const runningSince = await live.runningSince()
    const processId = await lockHolder(settings.stateDirectory)
    const nowSeconds = Date.now() / 1000
    const { refreshSchedule } = settings
    return {
      kind: 'known',
      status: statusOf(ledger, settings.limits, runningSince, nowSeconds),
      agent: { processId, ledgerSavedAt: savedAt },
      doubts: doubtsOn({ ledger, savedAt, processId, refreshSchedule, nowSeconds }),
    }
  }
}

/**
 * The report calls nothing good then. That there is no source, the first line says. Where `push` runs after each backup, no agent
 * runs between them, and the ledger is old.
 */
function doubtsOn(facts: Parameters<typeof doubtsAbout>[0]): readonly string[] {
  const dates = dateWordsIn(undefined, facts.nowSeconds)
  return doubtsAbout(facts)
    .filter(
      (doubt) => doubt.kind !== 'no source' && !(doubt.kind === 'stale' && doubt.agent === 'not running'),
    )
    .map((doubt) => {
      const words = shortDoubt(doubt, dates)
      return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`
    })
}

function textOf({ status, agent, doubts }: Reading & { kind: 'known' }, output: Terminal): string {
  const paint: Paint = (colour, text) => styleText(colour, text, { stream: output })
  const columns = output.isTTY ? output.columns : undefined
  const table = statusTable(status, { columns, paint })
  const knewAt = agoWords(agent.ledgerSavedAt, status.at)
  const down =
    agent.processId === undefined ? [`The agent is not running: this is what it knew ${knewAt}.`] : []
  const notes = [...down, ...doubts]
  if (notes.length === 0) return table
  const lines = notes
    .flatMap((note) => wrapped(`! ${note}`, columns))
    .map((line) => `${paint('yellow', line)}\n`)
  return `${table}\n${lines.join('')}`
}

function exitCodeOf(reading: Reading): 0 | 1 {
  if (reading.kind === 'unknown') return 1
  return problemCount(reading.status) + reading.doubts.length > 0 ? 1 : 0
}
