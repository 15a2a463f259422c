// How soon a started agent is ready, and has read 1,000 old log files of 1 GB, against `grep -c` over the same files.

import { execFileSync } from 'node:child_process'
import { copyFile, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeLargeRepository } from '../support/many-snapshots.ts'
import { freePort, start } from '../support/processes.ts'
import { hasSucceeded, type IsReady, isUpToDate } from '../support/stack.ts'
import { builtAgent } from './agent.ts'
import { type Bench, median, type Result } from './bench.ts'
import { millisecondsOf, withFolder } from './measure.ts'
import { makeLongLog } from './read-logs.ts'

const files = 1000
const bytesEach = 1e6
const rounds = 5
const patienceMs = 60_000

async function makeLogs(folder: string): Promise<string> {
  const cliLogs = join(folder, 'logs/cli-logs')
  await mkdir(cliLogs, { recursive: true })
  const log = await makeLongLog(folder, bytesEach)
  for (let number = 0; number < files; number += 1) {
    const time = new Date(Date.UTC(2026, 0, 1) + number * 1000)
      .toISOString()
      .slice(11, 19)
      .replaceAll(':', '')
    await copyFile(log, join(cliLogs, `kopia-20260101-${time}-${5_000_000 + number}-snapshot-create.0.log`))
  }
  return cliLogs
}

type Started = { readonly ready: number; readonly upToDate: number }

/** Milliseconds from the start of the process until it is ready, and until it has read all older logs. */
async function startOnce(folder: string, binary: string): Promise<Started> {
  const [node, entry] = await builtAgent()
  const port = await freePort()
  const begin = performance.now()
  const running = start('agent', node, [entry, 'run', `--listen=127.0.0.1:${port}`], {
    environment: {
      KOPIA_LOG_DIR: join(folder, 'logs'),
      KOPIA_METRICS_STATE_DIR: join(folder, 'state'),
      KOPIA_METRICS_KOPIA_BIN: binary,
      KOPIA_METRICS_PUSHGATEWAY_URL: '',
      KOPIA_METRICS_LOG_LEVEL: 'error',
    },
  })
  const until = async (state: string, isReached: IsReady) => {
    while (performance.now() - begin < patienceMs) {
      const answer = await fetch(`http://127.0.0.1:${port}/-/ready`).catch(() => undefined)
      if (answer !== undefined && (await isReached(answer))) return performance.now() - begin
      await sleep(5)
    }
    throw new Error(`the agent was never ${state}: ${running.output()}`)
  }
  try {
    return { ready: await until('ready', hasSucceeded), upToDate: await until('up to date', isUpToDate) }
  } finally {
    await running.stop()
  }
}

async function measure(folder: string): Promise<Result> {
  const cliLogs = await makeLogs(folder)
  const binary = await makeLargeRepository(folder, { sources: 1, snapshotsEach: 1 })
  const paths = (await readdir(cliLogs)).map((name) => join(cliLogs, name))
  const grep = () => execFileSync('grep', ['-c', 'kopia/cli', ...paths])
  const [first, again, grepped]: [Started[], Started[], number[]] = [[], [], []]
  for (let round = 0; round < rounds; round += 1) {
    grepped.push(await millisecondsOf(grep))
    await rm(join(folder, 'state'), { recursive: true, force: true })
    first.push(await startOnce(folder, binary))
    again.push(await startOnce(folder, binary))
  }
  const ready = first.map((started) => started.ready)
  const readyAgain = again.map((started) => started.ready)
  return {
    rows: [
      { what: '`grep -c` over all files', unit: 'ms', values: grepped },
      { what: 'first start: ready', unit: 'ms', values: ready },
      { what: 'first start: all logs read', unit: 'ms', values: first.map(({ upToDate }) => upToDate) },
      { what: 'restart: ready', unit: 'ms', values: readyAgain },
      { what: 'restart: all logs read', unit: 'ms', values: again.map(({ upToDate }) => upToDate) },
    ],
    verdicts: [
      { promise: 'first start: ready', unit: 'ms', reached: median(ready), limit: 500, bound: 'at most' },
      { promise: 'restart: ready', unit: 'ms', reached: median(readyAgain), limit: 500, bound: 'at most' },
    ],
  }
}

export const startUp: Bench = {
  name: 'start',
  question: `how soon a started agent is ready and has read all older logs, with ${files} log files of ${(files * bytesEach) / 1e9} GB`,
  run: () => withFolder(measure),
}
