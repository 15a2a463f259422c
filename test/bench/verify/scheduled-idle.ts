// Whether an agent that is to verify at night costs anything by day: beside two that verify never, which show the noise.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Cleanable } from '../../support/cleanup.ts'
import { createLab } from '../../support/lab.ts'
import { startBuiltAgent } from '../agent.ts'
import type { Result } from '../bench.ts'
import { cpuSeconds, residentMebibytes } from '../measure.ts'

/** Time for the garbage collector to clean up after the start, so that it does not count as idling. */
const settleSeconds = 45
const moreMebibytesAllowed = 3
const moreCpuAllowed = 0.02

/** Measures three agents at the same time, each of a repository of its own. */
export async function measureScheduledIdle(context: Cleanable, seconds: number): Promise<Result> {
  const [one, other] = [await startIdle(context, ''), await startIdle(context, '')]
  const scheduled = await startIdle(context, '0 3 * * *')
  await sleep(settleSeconds * 1000)
  const all = [one, other, scheduled]
  const before = all.map(cpuSeconds)
  await sleep(seconds * 1000)
  const cpu = all.map((id, index) => ((cpuSeconds(id) - (before[index] ?? 0)) / seconds) * 100)
  const memory = all.map(residentMebibytes)
  const [withoutCpu, withoutMemory] = [cpu.slice(0, 2), memory.slice(0, 2)]
  const [withCpu, withMemory] = [cpu.slice(2), memory.slice(2)]
  const more = (ones: readonly number[], others: readonly number[]) => Math.max(...ones) - Math.max(...others)
  return {
    rows: [
      { what: 'idle without a schedule, of one core', unit: '%', values: withoutCpu },
      { what: 'idle with `verify_schedule`, of one core', unit: '%', values: withCpu },
      { what: 'idle without a schedule, resident', unit: 'MiB', values: withoutMemory },
      { what: 'idle with `verify_schedule`, resident', unit: 'MiB', values: withMemory },
    ],
    verdicts: [
      {
        promise: 'CPU that an idle schedule adds, of one core',
        unit: '%',
        reached: more(withCpu, withoutCpu),
        limit: moreCpuAllowed,
        bound: 'at most',
      },
      {
        promise: 'memory that an idle schedule adds',
        unit: 'MiB',
        reached: more(withMemory, withoutMemory),
        limit: moreMebibytesAllowed,
        bound: 'at most',
      },
    ],
  }
}

/** The id of its process. It pushes every minute, as in the bench `idle`. */
async function startIdle(context: Cleanable, schedule: string): Promise<number> {
  const lab = await createLab(context)
  await lab.kopia.must('snapshot', 'create', await lab.makeSource('photos'))
  const agent = await startBuiltAgent(
    context,
    { stateDirectory: lab.stateDirectory, kopiaEnvironment: lab.kopia.environment },
    {
      KOPIA_METRICS_PUSHGATEWAY_URL: lab.gateway.url,
      KOPIA_METRICS_REFRESH_SCHEDULE: '* * * * *',
      KOPIA_METRICS_VERIFY_SCHEDULE: schedule,
    },
  )
  return agent.processId
}
