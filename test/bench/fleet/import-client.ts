// A process that pushes as a part of a fleet: it takes one command at a time and answers with what happened.
// Usage: node import-client.ts FIRST END SOURCE-ADDRESS; the commands and answers are messages of child_process.fork().

import http from 'node:http'
import { heartbeatsWithin, type Outcome, pushAsFleet, pushOnce } from './pushing.ts'
import { defaultTimeoutMs, type Simulated } from './simulated-agent.ts'
import { agentsFrom, prepared } from './template.ts'

export type Command =
  /** All agents push once, `atOnce` at a time. */
  | { readonly kind: 'fill'; readonly url: string; readonly atOnce: number }
  /** Makes the texts of a storm, so that this does not compete with the store for CPU. */
  | { readonly kind: 'prepare' }
  | { readonly kind: 'storm'; readonly url: string; readonly patienceSeconds: number }
  | { readonly kind: 'heartbeats'; readonly url: string; readonly windowSeconds: number }

/** `pushes` are the agents that the command is about. */
export type Answer = { readonly pushes: number; readonly outcome: Outcome }

const [first, end, localAddress = ''] = process.argv.slice(2)
const agents = await agentsFrom(Number(first), Number(end))
let texts: readonly Simulated[] = []
// Each agent has a connection of its own. Each process has an address of its own, and so enough ports.
http.globalAgent = new http.Agent({ keepAlive: false, localAddress })

const nothing: Outcome = { waits: [], seconds: 0, allAfter: 0, failures: 0, reasons: {} }

async function run(command: Command): Promise<Answer> {
  switch (command.kind) {
    case 'fill':
      await fill(command.url, command.atOnce)
      return { pushes: agents.length, outcome: nothing }
    case 'prepare':
      texts = prepared(agents)
      return { pushes: 0, outcome: nothing }
    case 'storm': {
      const { url, patienceSeconds } = command
      const pushing = { agents: texts, delaySeconds: () => 0, timeoutMs: defaultTimeoutMs, patienceSeconds }
      return { pushes: texts.length, outcome: await pushAsFleet(url, pushing) }
    }
    case 'heartbeats': {
      const due = heartbeatsWithin(agents, command.windowSeconds)
      const pushing = { ...due, timeoutMs: defaultTimeoutMs, patienceSeconds: command.windowSeconds + 30 }
      return { pushes: due.agents.length, outcome: await pushAsFleet(command.url, pushing) }
    }
  }
}

async function fill(url: string, atOnce: number): Promise<void> {
  const waiting = agents.values()
  const pusher = async () => {
    for (const agent of waiting) {
      const result = await pushOnce(url, agent)
      if (!result.ok) throw new Error(`the push of ${agent.instance} failed: ${result.reason}`)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, pusher))
}

process.on('message', async (command: Command) => {
  const answer = await run(command)
  process.send?.(answer)
})
process.send?.('ready')
