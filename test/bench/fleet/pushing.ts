// Simulated agents push, each with the agent's own push queue and its retries.

import { setTimeout as sleep } from 'node:timers/promises'
import { shareOf } from '../../../agent/daemon/schedule.ts'
import { createPushQueue } from '../../../agent/push/push-queue.ts'
import { type PushResult, push } from '../../../agent/push/pushgateway.ts'
import { defaultTimeoutMs, gatewayOptions, type Simulated } from './simulated-agent.ts'

const contentType = 'text/plain; version=0.0.4; charset=utf-8'
/** The agent's default: a push every five minutes while nothing happens. */
export const heartbeatSeconds = 300

/** Pushes an agent's metrics text to a gateway once, with the agent's own code. */
export function pushOnce(
  url: string,
  { instance, metricsText }: Simulated,
  timeoutMs = defaultTimeoutMs,
  signal = new AbortController().signal,
): Promise<PushResult> {
  return push(gatewayOptions(url, instance, timeoutMs), metricsText, contentType, signal)
}

type Named = Pick<Simulated, 'instance'>

/** A fleet whose agents push independently. */
export type Pushing<Agent extends Named> = {
  readonly agents: readonly Agent[]
  /** Tries once. */
  readonly pushOf: (agent: Agent, signal: AbortSignal) => Promise<PushResult>
  /** When an agent pushes first, in seconds after the beginning. */
  readonly delaySeconds: (agent: Agent) => number
  /** When the measurement ends, even if some agents have not succeeded. */
  readonly patienceSeconds: number
}

export type Outcome = {
  /** Seconds from an agent's first try to the acknowledgement, one value per acknowledged agent. */
  readonly waits: readonly number[]
  /** Seconds that the measurement took. */
  readonly seconds: number
  /** Seconds from the beginning to the last acknowledgement; undefined if some agents got none. */
  readonly allAfter: number | undefined
  readonly failures: number
  /** How often each reason occurred. */
  readonly reasons: Readonly<Record<string, number>>
}

/** Lets the whole fleet push until all agents have succeeded or the time is over. */
export async function pushAsFleet<Agent extends Named>(pushing: Pushing<Agent>): Promise<Outcome> {
  const { agents, pushOf, delaySeconds, patienceSeconds } = pushing
  const over = new AbortController()
  const waits: number[] = []
  const reasons: string[] = []
  const begin = Date.now()
  const secondsSince = () => (Date.now() - begin) / 1000
  const pushers = agents.map((agent) => ({
    agent,
    pusher: createPushQueue({
      send: async (signal) => {
        if (over.signal.aborted) return { ok: true }
        const result = await pushOf(agent, AbortSignal.any([signal, over.signal]))
        if (over.signal.aborted) return { ok: true }
        if (result.ok) waits.push(secondsSince() - delaySeconds(agent))
        else reasons.push(result.reason)
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
    seconds,
    allAfter: waits.length < agents.length ? undefined : seconds,
    failures: reasons.length,
    reasons: countsOf(reasons),
  }
  over.abort()
  for (const timer of timers) clearTimeout(timer)
  await Promise.all(pushers.map(({ pusher }) => pusher.stop()))
  return outcome
}

function countsOf(reasons: readonly string[]): Readonly<Record<string, number>> {
  const groups = [...Map.groupBy(reasons, (reason) => reason)]
  return Object.fromEntries(groups.map(([reason, list]) => [reason, list.length]))
}

/** The agents whose heartbeat falls into the first `windowSeconds` of the interval, spread as the agent does. */
export function heartbeatsWithin<Agent extends Named>(
  all: readonly Agent[],
  windowSeconds: number,
): Pick<Pushing<Agent>, 'agents' | 'delaySeconds'> {
  const delaySeconds = ({ instance }: Named) => shareOf(instance) * heartbeatSeconds
  return { agents: all.filter((agent) => delaySeconds(agent) < windowSeconds), delaySeconds }
}
