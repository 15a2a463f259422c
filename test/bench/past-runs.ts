// Whether memory and CPU stay the same over 10,000 backups.

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cleanable } from '../support/cleanup.ts'
import { createLab, figuresOf, type Lab } from '../support/lab.ts'
import { startBuiltAgent } from './agent.ts'
import { type Bench, median, type Result } from './bench.ts'
import { cpuSeconds, residentMebibytes, withFolder } from './measure.ts'
import { createLogWriter } from './written-logs.ts'

const backups = 10_000
const batch = 100
const batches = backups / batch
/** After these batches the agent has loaded all its modules, and there are as many logs as Kopia keeps. */
const warmUpBatches = 20
/** The number of batches that are compared, after the warm-up and at the end. */
const compared = 20
/** The pause before the last measurement: a real agent never sees a hundred backups at once. */
const restSeconds = 30

type Sample = { readonly memory: number; readonly cpuMilliseconds: number }

async function measure(_: string, context: Cleanable): Promise<Result> {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  const cliLogs = join(lab.kopia.logDirectory, 'cli-logs')
  const writer = await createLogWriter(lab.kopia, path, { cliLogs, spool: lab.spool })
  const agent = await startBuiltAgent(
    context,
    { stateDirectory: lab.stateDirectory, kopiaEnvironment: lab.kopia.environment },
    { KOPIA_METRICS_PUSHGATEWAY_URL: lab.gateway.url, KOPIA_METRICS_LOG_LEVEL: 'error' },
  )
  const samples: Sample[] = []
  for (let number = 1; number <= batches; number += 1) {
    const before = cpuSeconds(agent.processId)
    await writer.write(batch)
    await untilCounted(lab, path, number * batch)
    samples.push({
      memory: residentMebibytes(agent.processId),
      cpuMilliseconds: ((cpuSeconds(agent.processId) - before) / batch) * 1000,
    })
  }
  await sleep(restSeconds * 1000)
  return resultOf(samples, residentMebibytes(agent.processId))
}

async function untilCounted(lab: Lab, path: string, count: number): Promise<void> {
  for (;;) {
    const { failed = 0 } = (await figuresOf(lab.gateway, path)).attempts
    if (failed > count) throw new Error(`counted ${failed} of ${count} backups`)
    if (failed === count) return
    await sleep(20)
  }
}

function resultOf(samples: readonly Sample[], rested: number): Result {
  const early = samples.slice(warmUpBatches, warmUpBatches + compared)
  const late = samples.slice(-compared)
  const memory = (of: readonly Sample[]) => of.map((sample) => sample.memory)
  const cpu = (of: readonly Sample[]) => of.map((sample) => sample.cpuMilliseconds)
  const begin = warmUpBatches * batch
  return {
    rows: [
      {
        what: `resident, backups ${begin} to ${begin + compared * batch}`,
        unit: 'MiB',
        values: memory(early),
      },
      { what: `resident, the last ${compared * batch}`, unit: 'MiB', values: memory(late) },
      { what: `resident, ${restSeconds} s after the last`, unit: 'MiB', values: [rested] },
      { what: 'a backup at the beginning', unit: 'CPU ms', values: cpu(early) },
      { what: 'a backup at the end', unit: 'CPU ms', values: cpu(late) },
    ],
    verdicts: [
      {
        promise: 'memory at the end, relative to the beginning',
        unit: '×',
        reached: median(memory(late)) / median(memory(early)),
        limit: 1.1,
        bound: 'at most',
      },
      {
        promise: 'CPU of a backup at the end, relative to the beginning',
        unit: '×',
        reached: median(cpu(late)) / median(cpu(early)),
        limit: 1.5,
        bound: 'at most',
      },
    ],
    plots: [
      {
        name: 'memory',
        title: 'Resident memory over past runs',
        x: { label: 'backups counted', scale: 'linear' },
        y: { label: 'MiB resident', scale: 'linear' },
        lines: [
          { name: 'this agent', points: samples.map(({ memory: y }, index) => [(index + 1) * batch, y]) },
        ],
      },
    ],
  }
}

export const pastRuns: Bench = {
  name: 'past-runs',
  question: `whether memory and CPU stay the same over ${backups} backups, each with its logs and an event`,
  run: () => withFolder(measure),
}
