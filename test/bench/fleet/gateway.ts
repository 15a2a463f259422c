// What one Pushgateway takes: a push by how much it holds already, a fleet that starts at once, and its heartbeats.

import { setTimeout as sleep } from 'node:timers/promises'
import { shareOf } from '../../../agent/daemon/schedule.ts'
import { contentType } from '../../../agent/metrics/exposition.ts'
import { createPusher } from '../../../agent/push/push-queue.ts'
import { push } from '../../../agent/push/pushgateway.ts'
import { freePort } from '../../support/processes.ts'
import { type Service, startService } from '../../support/stack.ts'
import type { ToolName } from '../../support/tools.ts'
import { tool } from '../../support/tools.ts'
import { cpuSeconds, millisecondsOf } from '../measure.ts'
import { defaultTimeoutMs, gatewayOptions, type Simulated } from './pictures.ts'

/** The agent's default: a push every five minutes, if nothing happens. */
const heartbeatSeconds = 300

export type Check = 'checked' | 'unchecked'

/** A gateway that keeps what it holds in `file`; with `unchecked`, by --push.disable-consistency-check. */
export async function startGateway(program: ToolName, file: string, check: Check): Promise<Service> {
  return startService(program, await freePort(), '/-/ready', (address) => [
    tool(program),
    `--web.listen-address=${address}`,
    `--persistence.file=${file}`,
    ...(check === 'unchecked' ? ['--push.disable-consistency-check'] : []),
  ])
}

async function pushOnce(gateway: Service, { instance, picture }: Simulated): Promise<boolean> {
  const options = gatewayOptions(gateway.url, instance, defaultTimeoutMs)
  return (await push(options, picture, contentType, new AbortController().signal)).ok
}

/** Pushes all, one after the other; rejects where one is refused. */
export async function fill(gateway: Service, agents: readonly Simulated[]): Promise<void> {
  for (const agent of agents) {
    if (!(await pushOnce(gateway, agent))) throw new Error(`the push of ${agent.instance} failed`)
  }
  await settled(gateway)
}

/** An unchecked push is answered before it is done: waits until the gateway has nothing more to do. */
async function settled(gateway: Service): Promise<void> {
  let before = Number.NaN
  for (;;) {
    const now = cpuSeconds(gateway.child.pid ?? 0)
    if (now - before < 0.02) return
    before = now
    await sleep(200)
  }
}

export type PushCost = { readonly milliseconds: readonly number[]; readonly cpuMilliseconds: number }

/** Pushes of groups that are there already, one after the other. */
export async function measurePushes(
  gateway: Service,
  agents: readonly Simulated[],
  pushes: number,
): Promise<PushCost> {
  const chosen = Array.from({ length: pushes }, (_, index) => agents[(index * 37) % agents.length])
  await settled(gateway)
  const before = cpuSeconds(gateway.child.pid ?? 0)
  const milliseconds: number[] = []
  for (const agent of chosen) {
    if (agent !== undefined) milliseconds.push(await millisecondsOf(() => pushOnce(gateway, agent)))
  }
  await settled(gateway)
  const cpu = cpuSeconds(gateway.child.pid ?? 0) - before
  return { milliseconds, cpuMilliseconds: (cpu / pushes) * 1000 }
}

export type Scrape = { readonly milliseconds: number; readonly mebibytes: number; readonly series: number }

/** What Prometheus does every scrape interval. */
export async function measureScrape(gateway: Service): Promise<Scrape> {
  let text = ''
  const milliseconds = await millisecondsOf(async () => {
    text = await (await fetch(`${gateway.url}/metrics`)).text()
  })
  const series = text.split('\n').filter((line) => line.startsWith('kopia_')).length
  return { milliseconds, mebibytes: Buffer.byteLength(text) / 2 ** 20, series }
}

/** A fleet whose agents push by themselves, each with its own pusher, which tries again as it does. */
export type Pushing = {
  readonly agents: readonly Simulated[]
  /** When an agent pushes first, in seconds from the beginning. */
  readonly delaySeconds: (agent: Simulated) => number
  readonly timeoutMs: number
  /** When it is over, whether or not all got through. */
  readonly patienceSeconds: number
}

export type Outcome = {
  /** Seconds from an agent's first try until the gateway acknowledged it, of those that it did acknowledge. */
  readonly waits: readonly number[]
  /** Seconds from the beginning until the last was through; undefined where not all got through. */
  readonly allAfter: number | undefined
  readonly failures: number
  /** CPU of the gateway, as a share of one processor. */
  readonly cpuShare: number
}

export async function pushAsFleet(gateway: Service, pushing: Pushing): Promise<Outcome> {
  const { agents, delaySeconds, patienceSeconds } = pushing
  const over = new AbortController()
  const waits: number[] = []
  let failures = 0
  const begin = Date.now()
  const secondsSince = () => (Date.now() - begin) / 1000
  const cpuBefore = cpuSeconds(gateway.child.pid ?? 0)
  const pushers = agents.map((agent) => ({
    agent,
    pusher: createPusher({
      send: async (signal) => {
        if (over.signal.aborted) return { ok: true }
        const options = gatewayOptions(gateway.url, agent.instance, pushing.timeoutMs)
        const result = await push(options, agent.picture, contentType, AbortSignal.any([signal, over.signal]))
        if (over.signal.aborted) return { ok: true }
        if (result.ok) waits.push(secondsSince() - delaySeconds(agent))
        else failures += 1
        return result
      },
      random: Math.random,
      onDown: () => undefined,
      onUp: () => undefined,
      onFailure: () => undefined,
    }),
  }))
  const timers = pushers.map(({ agent, pusher }) => setTimeout(pusher.request, delaySeconds(agent) * 1000))
  while (waits.length < agents.length && secondsSince() < patienceSeconds) await sleep(20)
  const seconds = secondsSince()
  const outcome = {
    waits: [...waits],
    allAfter: waits.length < agents.length ? undefined : seconds,
    failures,
    cpuShare: (cpuSeconds(gateway.child.pid ?? 0) - cpuBefore) / seconds,
  }
  over.abort()
  for (const timer of timers) clearTimeout(timer)
  await Promise.all(pushers.map(({ pusher }) => pusher.stop()))
  return outcome
}

/** Those whose heartbeat falls into the first `windowSeconds` of the interval, as the agent spreads them. */
export function heartbeatsWithin(
  all: readonly Simulated[],
  windowSeconds: number,
): Pick<Pushing, 'agents' | 'delaySeconds'> {
  const delaySeconds = ({ instance }: Simulated) => shareOf(instance) * heartbeatSeconds
  return { agents: all.filter((agent) => delaySeconds(agent) < windowSeconds), delaySeconds }
}
