// status: how each source stands, from the ledger, also while the agent is down.

import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { styleText } from 'node:util'
import { createRunTracker, type RunTracker } from '../kopia/runs/tracker.ts'
import { formatSource } from '../kopia/source.ts'
import { createLedger } from '../ledger/ledger.ts'
import { lockHolder } from '../ledger/lock.ts'
import { lookAtLedger } from '../ledger/store.ts'
import { runningAttempts } from '../reconcile/pending.ts'
import type { Settings } from '../settings/settings.ts'
import { type AgentSeen, statusJson } from '../status/json.ts'
import { needsAttention, type Status, statusOf } from '../status/status.ts'
import { type Paint, statusTable } from '../status/table.ts'
import { wrapped } from '../status/text-width.ts'
import { agoWords } from '../status/words.ts'

export type StatusForm = 'table' | 'json' | 'watch'

type Terminal = NodeJS.WriteStream & { readonly fd: 1 }

type Seen =
  | { readonly kind: 'seen'; readonly status: Status; readonly agent: AgentSeen }
  | { readonly kind: 'nothing'; readonly reason: string }

const watchIntervalMs = 2000

/** Alternate screen and cursor: xterm's control sequences, which terminals share. */
const screen = {
  enter: '\x1b[?1049h\x1b[?25l',
  leave: '\x1b[?25h\x1b[?1049l',
  home: '\x1b[H',
  clear: '\x1b[J',
  clearLine: '\x1b[K',
} as const

/** Prints the status; resolves with 1 if a source is failing or overdue, or nothing is known. */
export async function showStatus(
  settings: Settings,
  form: StatusForm,
  output: Terminal,
  printError: (line: string) => void,
): Promise<0 | 1> {
  const look = createLook(settings)
  if (form === 'watch') {
    if (output.isTTY) return watch(look, output)
    printError('--watch needs a terminal; a script can call status --json again')
    return 1
  }
  const seen = await look()
  if (seen.kind === 'nothing') {
    printError(seen.reason)
    return 1
  }
  output.write(form === 'json' ? statusJson(seen.status, seen.agent) : textOf(seen, output))
  return exitCodeOf(seen)
}

/** Redraws until Ctrl-C; what does not fit the screen is left out, which is the best of all. */
async function watch(look: () => Promise<Seen>, output: Terminal): Promise<0 | 1> {
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stopping.abort())
  let seen: Seen
  output.write(screen.enter)
  try {
    do {
      seen = await look()
      output.write(frameOf(seen.kind === 'seen' ? textOf(seen, output) : `${seen.reason}\n`, output.rows))
      await untilNextFrame(output, stopping.signal)
    } while (!stopping.signal.aborted)
  } finally {
    output.write(screen.leave)
  }
  return exitCodeOf(seen)
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

function createLook(settings: Settings): () => Promise<Seen> {
  let tracker: RunTracker | undefined
  const nowSeconds = () => Date.now() / 1000
  return async () => {
    const seen = await lookAtLedger(settings.stateDirectory)
    if (seen.kind === 'missing') {
      return {
        kind: 'nothing',
        reason: `There is no ledger in ${settings.stateDirectory}: no agent has run there yet.`,
      }
    }
    if (seen.kind === 'unreadable') {
      return {
        kind: 'nothing',
        reason: `The ledger in ${settings.stateDirectory} can't be read: ${seen.reason}`,
      }
    }
    // The ledger is saved when an attempt ends; that one has begun since is in Kopia's log.
    tracker ??= createRunTracker({
      directory: settings.cliLogs,
      runs: new Map(Object.entries(seen.data.runs)),
      nowSeconds,
      // Shown is then what the ledger knows; the agent's own log tells of a log that can't be read.
      onFault: () => undefined,
    })
    await tracker.sweep()
    await tracker.endFinishedRuns()
    const ledger = createLedger(seen.data)
    const underWay = runningAttempts(tracker.runs, ledger.repository.status)
    const runningSince = new Map(underWay.map(({ source, startedAt }) => [formatSource(source), startedAt]))
    const agent = { processId: await lockHolder(settings.stateDirectory), ledgerSavedAt: seen.savedAt }
    return { kind: 'seen', status: statusOf(ledger, runningSince, nowSeconds()), agent }
  }
}

function textOf({ status, agent }: Seen & { kind: 'seen' }, output: Terminal): string {
  const paint: Paint = (colour, text) => styleText(colour, text, { stream: output })
  const columns = output.isTTY ? output.columns : undefined
  const table = statusTable(status, { columns, paint })
  if (agent.processId !== undefined) return table
  const note = `! The agent is not running: this is what it knew ${agoWords(agent.ledgerSavedAt, status.at)}.`
  const lines = wrapped(note, columns).map((line) => `${paint('yellow', line)}\n`)
  return `${table}\n${lines.join('')}`
}

function exitCodeOf(seen: Seen): 0 | 1 {
  return seen.kind === 'nothing' || needsAttention(seen.status) ? 1 : 0
}
