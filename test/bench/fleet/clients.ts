// Several processes that push as one fleet.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { cpuSecondsWithChildren } from '../measure.ts'
import type { Answer, Command } from './import-client.ts'
import type { Outcome } from './pushing.ts'

const clientFile = fileURLToPath(new URL('import-client.ts', import.meta.url))
const processes = 4

export type Clients = {
  /** Lets all processes run the command at the same time; resolves when the last has ended. */
  readonly run: (command: Command) => Promise<FleetOutcome>
  readonly stop: () => void
}

export type FleetOutcome = Omit<Outcome, 'seconds'> & {
  readonly pushes: number
  /** Of all client processes together. */
  readonly clientCpuSeconds: number
}

/** Starts the processes with the agents shared out among them. */
export async function startClients(agents: number): Promise<Clients> {
  const all = Array.from({ length: processes }, (_, index) => {
    const [first, end] = [index, index + 1].map((share) => String(Math.round((share * agents) / processes)))
    return fork(clientFile, [first ?? '', end ?? '', `127.0.0.${index + 2}`], { execArgv: [] })
  })
  await Promise.all(all.map((client) => nextMessage(client)))
  const cpu = () => all.reduce((sum, { pid = 0 }) => sum + cpuSecondsWithChildren(pid), 0)
  return {
    run: async (command) => {
      const before = cpu()
      const answers = await Promise.all(all.map((client) => ask(client, command)))
      return { ...together(answers), clientCpuSeconds: cpu() - before }
    },
    stop: () => {
      for (const client of all) client.kill('SIGKILL')
    },
  }
}

function ask(client: ChildProcess, command: Command): Promise<Answer> {
  const answer = nextMessage(client)
  client.send(command)
  return answer
}

async function nextMessage(client: ChildProcess): Promise<Answer> {
  const ended = once(client, 'exit').then(([code]) => {
    throw new Error(`a client process ended with ${code}`)
  })
  const [message] = await Promise.race([once(client, 'message'), ended])
  return message
}

function together(answers: readonly Answer[]): Omit<FleetOutcome, 'clientCpuSeconds'> {
  const outcomes = answers.map(({ outcome }) => outcome)
  const ends = outcomes.map(({ allAfter }) => allAfter ?? Number.POSITIVE_INFINITY)
  const last = Math.max(...ends)
  const reasons: Record<string, number> = {}
  for (const [reason, count] of outcomes.flatMap((outcome) => Object.entries(outcome.reasons))) {
    reasons[reason] = (reasons[reason] ?? 0) + count
  }
  return {
    pushes: answers.reduce((sum, { pushes }) => sum + pushes, 0),
    waits: outcomes.flatMap(({ waits }) => waits),
    allAfter: Number.isFinite(last) ? last : undefined,
    failures: outcomes.reduce((sum, { failures }) => sum + failures, 0),
    reasons,
  }
}
