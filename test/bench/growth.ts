// How time and memory grow with the number of sources, and what 10,000 of them cost.

import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Cleanable, cleanUpAfter } from '../support/cleanup.ts'
import { createKopiaLab } from '../support/kopia.ts'
import { makeLargeRepository } from '../support/many-snapshots.ts'
import { startPushgateway } from '../support/stack.ts'
import { startBuiltAgent } from './agent.ts'
import { type Bench, median, type Result } from './bench.ts'
import {
  cpuSeconds,
  cpuSecondsWithChildren,
  peakMebibytes,
  residentMebibytes,
  withFolder,
} from './measure.ts'
import { createLogWriter } from './written-logs.ts'

const sizes = [10, 100, 1000, 10_000] as const
const largest = 10_000
const snapshotsEach = 10
const logFiles = 1000
/** Those of three hours: the first are slow, until V8 has optimised how they are made. */
const pictures = 36
/** What the start left is given back when V8 finds the time to look; with much in it, that takes longer. */
const settleSeconds = 10
const longestSettleSeconds = 180
const promisedMebibytes = 100

type Measured = {
  readonly sources: number
  readonly upToDateSeconds: number
  readonly peak: number
  readonly resident: number
  readonly pictureMilliseconds: readonly number[]
  readonly curlMilliseconds: readonly number[]
}

/** Starts an agent beside so many sources, lets it settle, and takes its picture some times. */
export async function measureSize(folder: string, context: Cleanable, sources: number): Promise<Measured> {
  const stateDirectory = join(folder, 'state')
  const kopia = await createKopiaLab(join(folder, 'kopia'), stateDirectory)
  const cliLogs = join(kopia.logDirectory, 'cli-logs')
  const writer = await createLogWriter(kopia, '/data/source-1', { cliLogs })
  await writer.write(logFiles / 2)
  const gateway = await startPushgateway()
  cleanUpAfter(context, () => gateway.stop())
  const begin = Date.now()
  const agent = await startBuiltAgent(
    context,
    { stateDirectory, kopiaEnvironment: kopia.environment },
    {
      KOPIA_METRICS_PUSHGATEWAY_URL: gateway.url,
      KOPIA_METRICS_KOPIA_BIN: await makeLargeRepository(folder, { sources, snapshotsEach }),
      KOPIA_METRICS_SCOPE: 'all',
      KOPIA_METRICS_LOG_LEVEL: 'error',
    },
  )
  const upToDateSeconds = (Date.now() - begin) / 1000
  const resident = await residentOnceSettled(agent.processId)
  const pictureMilliseconds: number[] = []
  let text = ''
  for (let number = 0; number < pictures; number += 1) {
    const before = cpuSeconds(agent.processId)
    text = await (await fetch(`${agent.url}/metrics`)).text()
    pictureMilliseconds.push((cpuSeconds(agent.processId) - before) * 1000)
  }
  const body = join(folder, 'body')
  await writeFile(body, text)
  const curl = () =>
    execFileSync('curl', [
      '--silent',
      '--fail',
      '--data-binary',
      `@${body}`,
      `${gateway.url}/metrics/job/curl`,
    ])
  const peak = peakMebibytes(agent.processId)
  await agent.stop()
  return { sources, upToDateSeconds, peak, resident, pictureMilliseconds, curlMilliseconds: cpuOf(curl) }
}

/** In MiB: once it is as small as promised, or after the longest time that it may take. */
async function residentOnceSettled(processId: number): Promise<number> {
  await sleep(settleSeconds * 1000)
  const end = Date.now() + longestSettleSeconds * 1000
  while (residentMebibytes(processId) > promisedMebibytes && Date.now() < end) await sleep(1000)
  return residentMebibytes(processId)
}

/** CPU of a program that this process starts and waits for, in steps of 10 ms, so of ten calls together. */
function cpuOf(call: () => unknown): readonly number[] {
  const times = 10
  const before = cpuSecondsWithChildren(process.pid)
  for (let number = 0; number < times; number += 1) call()
  return [((cpuSecondsWithChildren(process.pid) - before) / times) * 1000]
}

async function measure(): Promise<Result> {
  const all: Measured[] = []
  for (const sources of sizes) {
    all.push(await withFolder((own, context) => measureSize(own, context, sources)))
  }
  const last = all.at(-1)
  if (last === undefined) throw new Error('nothing was measured')
  return resultOf(all, last)
}

function resultOf(all: readonly Measured[], last: Measured): Result {
  const before = all.at(-2) ?? last
  const factor = last.sources / before.sources
  const perSource = (of: Measured) => median(of.pictureMilliseconds) / of.sources
  const line = (name: string, y: (of: Measured) => number) => ({
    name,
    points: all.map((of) => [of.sources, y(of)] as const),
  })
  return {
    rows: [
      ...all.flatMap((of) => [
        { what: `${of.sources} sources: up to date`, unit: 's' as const, values: [of.upToDateSeconds] },
        { what: `${of.sources} sources: resident`, unit: 'MiB' as const, values: [of.resident] },
        { what: `${of.sources} sources: at most`, unit: 'MiB' as const, values: [of.peak] },
        { what: `${of.sources} sources: a figures`, unit: 'CPU ms' as const, values: of.pictureMilliseconds },
      ]),
      { what: 'its body by `curl --data-binary`', unit: 'CPU ms', values: last.curlMilliseconds },
    ],
    verdicts: [
      {
        promise: `memory with ${largest} sources, ${largest * snapshotsEach} snapshots, ${logFiles} logs`,
        unit: 'MiB',
        reached: last.resident,
        limit: promisedMebibytes,
        bound: 'at most',
      },
      {
        promise: `building and sending ${largest} sources`,
        unit: 'CPU ms',
        reached: median(last.pictureMilliseconds),
        limit: 150,
        bound: 'at most',
      },
      {
        promise: `CPU of a figures per source, ${last.sources} against ${before.sources}`,
        unit: '×',
        reached: perSource(last) / perSource(before),
        limit: 1.5,
        bound: 'at most',
      },
      {
        promise: `time until up to date, ${factor} times the sources`,
        unit: '×',
        reached: last.upToDateSeconds / before.upToDateSeconds,
        limit: factor * 1.5,
        bound: 'at most',
      },
    ],
    plots: [
      {
        name: 'memory',
        title: 'Memory over the number of sources',
        x: { label: 'sources', scale: 'log' },
        y: { label: 'MiB', scale: 'linear' },
        lines: [line('resident', ({ resident }) => resident), line('at most', ({ peak }) => peak)],
      },
      {
        name: 'cpu',
        title: 'CPU of building and sending the picture over the number of sources',
        x: { label: 'sources', scale: 'log' },
        y: { label: 'CPU ms', scale: 'log' },
        lines: [line('a picture', ({ pictureMilliseconds }) => median(pictureMilliseconds))],
      },
    ],
  }
}

export const growth: Bench = {
  name: 'growth',
  question: `time and memory with ${sizes.join(', ')} sources of ${snapshotsEach} snapshots, and ${logFiles} log files`,
  run: measure,
}
