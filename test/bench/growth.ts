// How time, memory and CPU grow with the number of sources.

import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Cleanable, cleanUpAfter } from '../support/cleanup.ts'
import { createKopiaLab } from '../support/kopia.ts'
import { makeLargeRepository } from '../support/many-snapshots.ts'
import { type Service, startPushgateway } from '../support/stack.ts'
import { startBuiltAgent } from './agent.ts'
import { type Bench, median, type Plot, type Result, type Row, type Verdict } from './bench.ts'
import {
  cpuSeconds,
  cpuSecondsWithChildren,
  peakMebibytes,
  residentMebibytes,
  withFolder,
} from './measure.ts'
import { createLogWriter } from './written-logs.ts'

const sizes = [10, 100, 1000, 10_000] as const
const snapshotsEach = 10
const logFiles = 1000
/** The number of texts; the first are slower, before V8 has optimized the code that writes them. */
const textsPerSize = 36
/** The garbage collector needs time to return the memory of the start, and the more, the more there is. */
const settleSeconds = 10
const longestSettleSeconds = 180

/** The promises, by number of sources. */
const cpuMillisecondsOfText: Readonly<Record<number, number>> = { 100: 10, 1000: 80, 10000: 800 }
const settledMebibytes: Readonly<Record<number, number>> = { 1000: 120, 10000: 200 }

type Measured = {
  readonly sources: number
  readonly upToDateSeconds: number
  readonly peak: number
  readonly resident: number
  /** CPU of the agent for each text. */
  readonly textMilliseconds: readonly number[]
  /** CPU of `curl`, which sends the same text. */
  readonly curlMilliseconds: readonly number[]
}

/** Starts an agent with so many sources, waits until its memory has settled, and reads its metrics text several times. */
export async function measureSize(folder: string, context: Cleanable, sources: number): Promise<Measured> {
  const stateDirectory = join(folder, 'state')
  const kopia = await createKopiaLab(join(folder, 'kopia'), stateDirectory)
  const cliLogs = join(kopia.logDirectory, 'cli-logs')
  const writer = await createLogWriter(kopia, '/data/source-1', { cliLogs })
  await writer.write(logFiles / 2)
  const gateway = await startPushgateway()
  cleanUpAfter(context, () => gateway.stop())
  const binary = await makeLargeRepository(folder, { sources, snapshotsEach })
  const begin = Date.now()
  const agent = await startBuiltAgent(
    context,
    { stateDirectory, kopiaEnvironment: kopia.environment },
    {
      KOPIA_METRICS_PUSHGATEWAY_URL: gateway.url,
      KOPIA_METRICS_KOPIA_BIN: binary,
      KOPIA_METRICS_SCOPE: 'all',
      KOPIA_METRICS_LOG_LEVEL: 'error',
    },
  )
  const upToDateSeconds = (Date.now() - begin) / 1000
  const resident = await settledMemory(agent.processId, settledMebibytes[sources] ?? Number.POSITIVE_INFINITY)
  const { text, milliseconds } = await measureTexts(agent)
  const peak = peakMebibytes(agent.processId)
  await agent.stop()
  const curlMilliseconds = await measureCurl(folder, gateway, text)
  return { sources, upToDateSeconds, peak, resident, textMilliseconds: milliseconds, curlMilliseconds }
}

/** Resident memory in MiB, as soon as it is at most `wanted`, or after the longest time to settle. */
async function settledMemory(processId: number, wanted: number): Promise<number> {
  await sleep(settleSeconds * 1000)
  const end = Date.now() + longestSettleSeconds * 1000
  while (residentMebibytes(processId) > wanted && Date.now() < end) await sleep(1000)
  return residentMebibytes(processId)
}

async function measureTexts({ url, processId }: Service & { readonly processId: number }) {
  const milliseconds: number[] = []
  let text = ''
  for (let number = 0; number < textsPerSize; number += 1) {
    const before = cpuSeconds(processId)
    text = await (await fetch(`${url}/metrics`)).text()
    milliseconds.push((cpuSeconds(processId) - before) * 1000)
  }
  return { text, milliseconds }
}

/** The kernel counts a child's CPU in steps of 10 ms, so ten calls are measured together. */
async function measureCurl(folder: string, gateway: Service, text: string): Promise<readonly number[]> {
  const body = join(folder, 'body')
  await writeFile(body, text)
  const url = `${gateway.url}/metrics/job/curl`
  const before = cpuSecondsWithChildren(process.pid)
  for (let call = 0; call < 10; call += 1)
    execFileSync('curl', ['--silent', '--fail', '--data-binary', `@${body}`, url])
  return [((cpuSecondsWithChildren(process.pid) - before) / 10) * 1000]
}

async function measure(): Promise<Result> {
  const all: Measured[] = []
  for (const sources of sizes) {
    all.push(await withFolder((folder, context) => measureSize(folder, context, sources)))
  }
  return { rows: rowsOf(all), verdicts: promisesOf(all), plots: plotsOf(all) }
}

function rowsOf(all: readonly Measured[]): readonly Row[] {
  return [
    ...all.flatMap((of): readonly Row[] => [
      { what: `${of.sources} sources: up to date`, unit: 's', values: [of.upToDateSeconds] },
      { what: `${of.sources} sources: memory, settled`, unit: 'MiB', values: [of.resident] },
      { what: `${of.sources} sources: peak memory`, unit: 'MiB', values: [of.peak] },
      { what: `${of.sources} sources: a metrics text`, unit: 'CPU ms', values: of.textMilliseconds },
    ]),
    ...all
      .slice(-1)
      .map((of): Row => ({ what: 'the same text by `curl`', unit: 'CPU ms', values: of.curlMilliseconds })),
  ]
}

function promisesOf(all: readonly Measured[]): readonly Verdict[] {
  return all.flatMap(({ sources, resident, textMilliseconds }) => {
    const [memory, cpu] = [settledMebibytes[sources], cpuMillisecondsOfText[sources]]
    const verdicts: Verdict[] = []
    if (memory !== undefined) {
      const promise = `memory with ${sources} sources and ${logFiles} logs, settled`
      verdicts.push({ promise, unit: 'MiB', reached: resident, limit: memory, bound: 'at most' })
    }
    if (cpu !== undefined) {
      const promise = `a metrics text of ${sources} sources`
      verdicts.push({
        promise,
        unit: 'CPU ms',
        reached: median(textMilliseconds),
        limit: cpu,
        bound: 'at most',
      })
    }
    return verdicts
  })
}

function plotsOf(all: readonly Measured[]): readonly Plot[] {
  const line = (name: string, y: (of: Measured) => number) => ({
    name,
    points: all.map((of) => [of.sources, y(of)] as const),
  })
  return [
    {
      name: 'memory',
      title: 'Memory by number of sources',
      x: { label: 'sources', scale: 'log' },
      y: { label: 'MiB', scale: 'linear' },
      lines: [line('settled', ({ resident }) => resident), line('peak', ({ peak }) => peak)],
    },
    {
      name: 'cpu',
      title: 'CPU of a metrics text by number of sources',
      x: { label: 'sources', scale: 'log' },
      y: { label: 'CPU ms', scale: 'log' },
      lines: [line('a metrics text', ({ textMilliseconds }) => median(textMilliseconds))],
    },
  ]
}

export const growth: Bench = {
  name: 'growth',
  question: `time, memory and CPU with ${sizes.join(', ')} sources of ${snapshotsEach} snapshots, and ${logFiles} log files`,
  run: measure,
}
