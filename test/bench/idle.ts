// What the agent costs while nothing happens: CPU and memory, against a Node that does nothing.

import { setTimeout as sleep } from 'node:timers/promises'
import { type Cleanable, cleanUpAfter } from '../support/cleanup.ts'
import { createLab } from '../support/lab.ts'
import { start } from '../support/processes.ts'
import { processIdOf, startBuiltAgent } from './agent.ts'
import type { Bench, BenchOptions, Result } from './bench.ts'
import { cpuSeconds, residentMebibytes, withFolder } from './measure.ts'

/** In the long run the agent pushes as it does by default, every 5 minutes; in the usual one more often than in life. */
const runs = {
  usual: { seconds: 60, refresh: '* * * * *' },
  long: { seconds: 600, refresh: '*/5 * * * *' },
} as const
/** What the start left for the garbage collector is not what idling costs. */
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
      { promise: 'idle, resident', unit: 'MiB', reached: memoryAgent, limit: 64, bound: 'at most' },
    ],
  }
}

export const idle: Bench = {
  name: 'idle',
  question: `what the agent costs while nothing happens, over ${runs.usual.seconds} s (--long: 10 minutes)`,
  run: (options) => withFolder((_, context) => measure(context, options)),
}
