// CPU and memory of the agent while nothing happens, against an idle Node.

import { setTimeout as sleep } from 'node:timers/promises'
import { type Cleanable, cleanUpAfter } from '../support/cleanup.ts'
import { createLab } from '../support/lab.ts'
import { start } from '../support/processes.ts'
import { processIdOf, startBuiltAgent } from './agent.ts'
import type { Bench, BenchOptions, Result } from './bench.ts'
import { cpuSeconds, residentMebibytes, withFolder } from './measure.ts'

/** The long run pushes every 5 minutes, as the agent does by default; the usual run pushes every minute. */
const runs = {
  usual: { seconds: 60, refresh: '* * * * *' },
  long: { seconds: 600, refresh: '*/5 * * * *' },
} as const
/** Time for the garbage collector to clean up after the start, so that it does not count as idling. */
const settleSeconds = 45

async function measure(context: Cleanable, { length }: BenchOptions): Promise<Result> {
  const { seconds, refresh } = runs[length]
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await lab.kopia.must('snapshot', 'create', path)
  const agent = await startBuiltAgent(
    context,
    { stateDirectory: lab.stateDirectory, kopiaEnvironment: lab.kopia.environment },
    { KOPIA_METRICS_PUSHGATEWAY_URL: lab.gateway.url, KOPIA_METRICS_REFRESH_SCHEDULE: refresh },
  )
  const bare = start('node', process.execPath, ['-e', 'setInterval(() => undefined, 1e9)'])
  cleanUpAfter(context, () => bare.stop())
  const ids = { agent: agent.processId, bare: processIdOf(bare) }
  await sleep(settleSeconds * 1000)
  const before = { agent: cpuSeconds(ids.agent), bare: cpuSeconds(ids.bare) }
  await sleep(seconds * 1000)
  const share = (name: 'agent' | 'bare') => ((cpuSeconds(ids[name]) - before[name]) / seconds) * 100
  const [cpuAgent, cpuBare] = [share('agent'), share('bare')]
  const [memoryAgent, memoryBare] = [residentMebibytes(ids.agent), residentMebibytes(ids.bare)]
  return {
    rows: [
      { what: 'this agent, of one core', unit: '%', values: [cpuAgent] },
      { what: 'an idle Node, of one core', unit: '%', values: [cpuBare] },
      { what: 'this agent, resident', unit: 'MiB', values: [memoryAgent] },
      { what: 'an idle Node, resident', unit: 'MiB', values: [memoryBare] },
    ],
    verdicts: [
      { promise: 'idle, of one core', unit: '%', reached: cpuAgent, limit: 0.1, bound: 'at most' },
      { promise: 'idle, resident', unit: 'MiB', reached: memoryAgent, limit: 68, bound: 'at most' },
    ],
  }
}

export const idle: Bench = {
  name: 'idle',
  question: `CPU and memory while nothing happens, over ${runs.usual.seconds} s (--long: 10 minutes)`,
  run: (options) => withFolder((_, context) => measure(context, options)),
}
