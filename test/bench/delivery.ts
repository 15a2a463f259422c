// How soon after Kopia's end the gateway has the result of a backup, against an exporter that polls.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Cleanable } from '../support/cleanup.ts'
import { createLab, figuresOf, type Lab } from '../support/lab.ts'
import { startBuiltAgent } from './agent.ts'
import { type Bench, median, quantile, type Result } from './bench.ts'
import { millisecondsOf, withFolder } from './measure.ts'

const backups = 100
const pollSeconds = 30
const lookEveryMs = 5
const patienceMs = 60_000

async function untilCounted(lab: Lab, path: string, count: number): Promise<void> {
  const deadline = Date.now() + patienceMs
  while ((await figuresOf(lab.gateway, path)).attempts.success !== count) {
    if (Date.now() > deadline) throw new Error(`the gateway did not get backup ${count}`)
    await sleep(lookEveryMs)
  }
}

/**
 * A poller sees a snapshot with its next poll, after half an interval on average, plus the time of Kopia's answer. Only the
 * answer is measured; the wait is calculated as evenly spread, since waiting would take an hour.
 */
function pollerMilliseconds(answering: readonly number[]): readonly number[] {
  const waits = Array.from({ length: backups }, (_, index) => ((index + 0.5) / backups) * pollSeconds * 1000)
  return waits.map((wait) => wait + median(answering))
}

async function measure(_: string, context: Cleanable): Promise<Result> {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await startBuiltAgent(
    context,
    { stateDirectory: lab.stateDirectory, kopiaEnvironment: lab.kopia.environment },
    { KOPIA_METRICS_PUSHGATEWAY_URL: lab.gateway.url },
  )
  const delays: number[] = []
  const answering: number[] = []
  for (let backup = 1; backup <= backups; backup += 1) {
    await lab.kopia.must('snapshot', 'create', path)
    delays.push(await millisecondsOf(() => untilCounted(lab, path, backup)))
    if (backup % 4 !== 0) continue
    answering.push(await millisecondsOf(() => lab.kopia.must('snapshot', 'list', '--json', path)))
  }
  return {
    rows: [
      { what: 'this agent', unit: 'ms', values: delays },
      { what: '`kopia snapshot list`, which the agent calls', unit: 'ms', values: answering },
      { what: `a poller every ${pollSeconds} s`, unit: 'ms', values: pollerMilliseconds(answering) },
    ],
    verdicts: [
      { promise: '95 of 100', unit: 'ms', reached: quantile(delays, 0.95), limit: 500, bound: 'at most' },
    ],
  }
}

export const delivery: Bench = {
  name: 'delivery',
  question: `from the end of Kopia to the result on the gateway, over ${backups} backups`,
  run: () => withFolder(measure),
}
