// The metrics of the agent itself: facts, and counters of what it did.

import Counter from 'prom-client/lib/counter.js'
import { definitions, type MetricName } from './definitions.ts'
import { type SamplesByName, sampleIfKnown } from './sample.ts'

export type AgentFacts = {
  readonly version: string
  readonly alwaysOn: boolean
  /** Set only by `run`: one-shot pushes must not trigger the missing-heartbeat alert. */
  readonly heartbeatSeconds: number | undefined
  /** Undefined before the first question to the repository. */
  readonly repositoryReachable: boolean | undefined
}

const callResults = ['success', 'failed'] as const
export type CallResult = (typeof callResults)[number]

/** The facts as samples. */
export function agentSamples(facts: AgentFacts): SamplesByName {
  const { version, alwaysOn, heartbeatSeconds, repositoryReachable } = facts
  const reachable = repositoryReachable === undefined ? undefined : Number(repositoryReachable)
  return new Map([
    ['kopia_agent_build_info', [{ labels: { version }, value: 1 }]],
    ['kopia_agent_always_on', [{ labels: {}, value: Number(alwaysOn) }]],
    ['kopia_agent_heartbeat_interval_seconds', sampleIfKnown(heartbeatSeconds)],
    ['kopia_agent_repository_reachable', sampleIfKnown(reachable)],
  ])
}

export type AgentCounters = {
  readonly countKopiaCall: (command: string, result: CallResult) => void
  readonly countPushFailure: () => void
  /** Resolves to a function that copies the counters as they are when it is called. */
  readonly read: () => Promise<() => SamplesByName>
}

/** Creates the agent's counters; they start at 0 with the process. */
export function createAgentCounters(): AgentCounters {
  const kopiaCalls = counterOf('kopia_agent_kopia_calls_total')
  const pushFailures = counterOf('kopia_agent_push_failures_total')
  return {
    countKopiaCall: (command, result) => {
      // The first call of a command creates both series: increase() does not see a series that starts at 1.
      for (const each of callResults) kopiaCalls.inc({ command, result: each }, 0)
      kopiaCalls.inc({ command, result })
    },
    countPushFailure: () => pushFailures.inc(),
    read: async () => {
      const [calls, failures] = await Promise.all([kopiaCalls.get(), pushFailures.get()])
      // The values are the counters' own objects, which later counting changes.
      return () =>
        new Map([
          ['kopia_agent_push_failures_total', failures.values.map((sample) => ({ ...sample }))],
          ['kopia_agent_kopia_calls_total', calls.values.map((sample) => ({ ...sample }))],
        ])
    },
  }
}

function counterOf(name: MetricName): Counter {
  const { help, labels } = definitions[name]
  return new Counter({ name, help, labelNames: labels, registers: [] })
}
