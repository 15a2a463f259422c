// A process that pushes as a part of a fleet: it takes one command at a time and answers with what happened.
// Usage: node import-client.ts FIRST END SOURCE-ADDRESS; the commands and answers are messages of child_process.fork().

import type { PushResult } from '../../../agent/push/pushgateway.ts'
import { cheapPush, type Ready, readyRequest } from './cheap-push.ts'
import { heartbeatsWithin, type Outcome, pushAsFleet } from './pushing.ts'
import { defaultTimeoutMs, instanceOf } from './simulated-agent.ts'
import { templates } from './template.ts'

export type Command =
  /** All agents push once, one after the other. */
  | { readonly kind: 'fill'; readonly url: string }
  /** Makes the requests of a storm, so that this does not compete with the store for CPU. */
  | { readonly kind: 'prepare'; readonly url: string }
  | { readonly kind: 'storm'; readonly patienceSeconds: number }
  | { readonly kind: 'heartbeats'; readonly url: string; readonly windowSeconds: number }

/** `pushes` are the agents that the command is about. */
export type Answer = { readonly pushes: number; readonly outcome: Outcome }

type Agent = { readonly instance: string; readonly request: (url: string) => Ready }

/** A store that creates series on a busy machine may take longer than an agent waits. */
const fillTimeoutMs = 120_000

/** Each process has an address of its own, and so enough ports for a connection of each agent. */
const [first, end, localAddress = ''] = process.argv.slice(2)
const agents = await agentsFrom(Number(first), Number(end))
let ready: readonly Ready[] = []

async function agentsFrom(from: number, until: number): Promise<readonly Agent[]> {
  const templateFor = await templates(Date.now() / 1000)
  return Array.from({ length: until - from }, (_, index) => {
    const instance = instanceOf(from + index)
    const template = templateFor(from + index)
    return {
      instance,
      request: (url) => readyRequest(url, instance, template(instance, Date.now() / 1000)),
    }
  })
}

function send(request: Ready, timeoutMs: number, signal: AbortSignal): Promise<PushResult> {
  return cheapPush(request, localAddress, timeoutMs, signal)
}

async function run(command: Command): Promise<Answer> {
  switch (command.kind) {
    case 'fill':
      return { pushes: agents.length, outcome: await fill(command.url) }
    case 'prepare':
      ready = agents.map(({ request }) => request(command.url))
      return { pushes: 0, outcome: await fleetOf([], 0) }
    case 'storm':
      return { pushes: ready.length, outcome: await fleetOf(ready, command.patienceSeconds) }
    case 'heartbeats': {
      const due = heartbeatsWithin(agents, command.windowSeconds)
      const outcome = await pushAsFleet({
        ...due,
        pushOf: ({ request }, signal) => send(request(command.url), defaultTimeoutMs, signal),
        patienceSeconds: command.windowSeconds + 30,
      })
      return { pushes: due.agents.length, outcome }
    }
  }
}

function fleetOf(requests: readonly Ready[], patienceSeconds: number): Promise<Outcome> {
  return pushAsFleet({
    agents: requests,
    pushOf: (request, signal) => send(request, defaultTimeoutMs, signal),
    delaySeconds: () => 0,
    patienceSeconds,
  })
}

async function fill(url: string): Promise<Outcome> {
  const begin = Date.now()
  const waits: number[] = []
  const { signal } = new AbortController()
  for (const { instance, request } of agents) {
    const sentAt = Date.now()
    const result = await send(request(url), fillTimeoutMs, signal)
    if (!result.ok) throw new Error(`the push of ${instance} failed: ${result.reason}`)
    waits.push((Date.now() - sentAt) / 1000)
  }
  const seconds = (Date.now() - begin) / 1000
  return { waits, seconds, allAfter: seconds, failures: 0, reasons: {} }
}

process.on('message', async (command: Command) => {
  const answer = await run(command)
  process.send?.(answer)
})
process.send?.('ready')
