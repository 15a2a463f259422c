// What one Pushgateway bears: a push by the number of groups that it holds, a fleet that starts at once, heartbeats.

import { setTimeout as sleep } from 'node:timers/promises'
import { shareOf } from '../../../agent/daemon/schedule.ts'
import { createPushQueue } from '../../../agent/push/push-queue.ts'
import { push } from '../../../agent/push/pushgateway.ts'
import { freePort } from '../../support/processes.ts'
import { type Service, startService } from '../../support/stack.ts'
import type { ToolName } from '../../support/tools.ts'
import { tool } from '../../support/tools.ts'
import { cpuSeconds, millisecondsOf } from '../measure.ts'
import { defaultTimeoutMs, gatewayOptions, type Simulated } from './simulated-agent.ts'

const contentType = 'text/plain; version=0.0.4; charset=utf-8'
/** The agent's default: a push every five minutes while nothing happens. */
const heartbeatSeconds = 300

export type Check = 'checked' | 'unchecked'

/** Starts a gateway that saves its groups in `file`; `unchecked` means --push.disable-consistency-check. */
export async function startGateway(program: ToolName, file: string, check: Check): Promise<Service> {
  return startService(program, await freePort(), '/-/ready', (address) => [
    tool(program),
    `--web.listen-address=${address}`,
    `--persistence.file=${file}`,
    ...(check === 'unchecked' ? ['--push.disable-consistency-check'] : []),
  ])
}

async function pushOnce(gateway: Service, { instance, metricsText }: Simulated): Promise<boolean> {
  const options = gatewayOptions(gateway.url, instance, defaultTimeoutMs)
  return (await push(options, metricsText, contentType, new AbortController().signal)).ok
}

/** Pushes all agents one after the other; rejects when the gateway refuses a push. */
export async function fill(gateway: Service, agents: readonly Simulated[]): Promise<void> {
  for (const agent of agents) {
    if (!(await pushOnce(gateway, agent))) throw new Error(`the push of ${agent.instance} failed`)
  }
  await settled(gateway)
}

/** Waits until the gateway is idle: it answers an unchecked push before it has processed it. */
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

/** Pushes groups that the gateway already holds, one after the other. */
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

/** Scrapes the gateway once, as Prometheus does every scrape interval. */
export async function measureScrape(gateway: Service): Promise<Scrape> {
  let text = ''
  const milliseconds = await millisecondsOf(async () => {
    text = await (await fetch(`${gateway.url}/metrics`)).text()
  })
  const series = text.split('\n').filter((line) => line.startsWith('kopia_')).length
  return { milliseconds, mebibytes: Buffer.byteLength(text) / 2 ** 20, series }
}

/** A fleet whose agents push independently, each with the agent's own push queue and its retries. */
export type Pushing = {
  readonly agents: readonly Simulated[]
  /** When an agent pushes first, in seconds after the beginning. */
  readonly delaySeconds: (agent: Simulated) => number
  readonly timeoutMs: number
  /** When the measurement ends, even if some agents have not succeeded. */
  readonly patienceSeconds: number
}

export type Outcome = {
  /** Seconds from an agent's first try to the gateway's acknowledgement, one value per acknowledged agent. */
  readonly waits: readonly number[]
  /** Seconds from the beginning to the last acknowledgement; undefined if some agents got none. */
  readonly allAfter: number | undefined
  readonly failures: number
  /** CPU time of the gateway, as a share of one core. */
  readonly cpuShare: number
}

/** Lets the whole fleet push until all agents have succeeded or the time is over. */
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
    pusher: createPushQueue({
      send: async (signal) => {
        if (over.signal.aborted) return { ok: true }
        const options = gatewayOptions(gateway.url, agent.instance, pushing.timeoutMs)
        const result = await push(
          options,
          agent.metricsText,
          contentType,
          AbortSignal.any([signal, over.signal]),
        )
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

/** The agents whose heartbeat falls into the first `windowSeconds` of the interval, spread as the agent does. */
export function heartbeatsWithin(
  all: readonly Simulated[],
  windowSeconds: number,
): Pick<Pushing, 'agents' | 'delaySeconds'> {
  const delaySeconds = ({ instance }: Simulated) => shareOf(instance) * heartbeatSeconds
  return { agents: all.filter((agent) => delaySeconds(agent) < windowSeconds), delaySeconds }
}
