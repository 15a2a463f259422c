// The metrics of the agent itself: facts, and counters of what it did.

import Counter from 'prom-client/lib/counter.js'
import { longestSilenceSeconds } from '../limits/silence.ts'
import { definitions, type MetricName } from './definitions.ts'
import { type SamplesByName, sampleIfKnown } from './sample.ts'

export type AgentFacts = {
  readonly version: string
  readonly alwaysOn: boolean
  /** Set only by `run`: one-shot pushes must not trigger the missing-heartbeat alert. */
  readonly heartbeatSeconds: number | undefined
  /** `gateway`: a Pushgateway keeps the last metrics of an agent that is silent. */
  readonly keptBy: 'gateway' | 'nobody'
  /** Undefined before the first question to the repository. */
  readonly repositoryReachable: boolean | undefined
  readonly repositoryChanged: boolean
  /** Undefined before a run showed it. */
  readonly processesVisible: boolean | undefined
}

const callResults = ['success', 'failed'] as const
export type CallResult = (typeof callResults)[number]

/** The facts as samples, and when they were read (Unix seconds). */
export function agentSamples(facts: AgentFacts, nowSeconds: number): SamplesByName {
  const { version, alwaysOn, heartbeatSeconds, repositoryReachable } = facts
  const numberIfKnown = (fact: boolean | undefined) => (fact === undefined ? undefined : Number(fact))
  return new Map([
    ['kopia_agent_build_info', [{ labels: { version }, value: 1 }]],
    ['kopia_agent_always_on', [{ labels: {}, value: Number(alwaysOn) }]],
    ['kopia_agent_metrics_timestamp_seconds', [{ labels: {}, value: nowSeconds }]],
    ['kopia_agent_metrics_deadline_timestamp_seconds', sampleIfKnown(deadlineOf(facts, nowSeconds))],
    ['kopia_agent_heartbeat_interval_seconds', sampleIfKnown(heartbeatSeconds)],
    ['kopia_agent_repository_reachable', sampleIfKnown(numberIfKnown(repositoryReachable))],
    ['kopia_agent_repository_changed', [{ labels: {}, value: Number(facts.repositoryChanged) }]],
    ['kopia_agent_processes_visible', sampleIfKnown(numberIfKnown(facts.processesVisible))],
  ])
}

/**
 * Without a gateway, the series end with the agent: a rule that remembers this one knows that it is missed. On a machine that
 * sleeps there is none, which replaces an earlier one.
 */
function deadlineOf(
  { alwaysOn, heartbeatSeconds, keptBy }: AgentFacts,
  nowSeconds: number,
): number | undefined {
  if (heartbeatSeconds === undefined || keptBy === 'gateway') return undefined
  return alwaysOn ? nowSeconds + longestSilenceSeconds(heartbeatSeconds) : Number.POSITIVE_INFINITY
}

export type AgentCounters = {
  readonly countKopiaCall: (command: string, result: CallResult) => void
  readonly countPushFailure: () => void
  readonly countUnattributedRun: () => void
  readonly countUnexplainedSnapshot: () => void
  /** Resolves to a function that copies the counters as they are when it is called. */
  readonly read: () => Promise<() => SamplesByName>
}

/** Creates the agent's counters; they start at 0 with the process. */
export function createAgentCounters(): AgentCounters {
  const kopiaCalls = counterOf('kopia_agent_kopia_calls_total')
  const pushFailures = counterOf('kopia_agent_push_failures_total')
  const unattributedRuns = counterOf('kopia_agent_runs_unattributed_total')
  const unexplainedSnapshots = counterOf('kopia_agent_unexplained_snapshots_total')
  const all = [
    ['kopia_agent_runs_unattributed_total', unattributedRuns],
    ['kopia_agent_unexplained_snapshots_total', unexplainedSnapshots],
    ['kopia_agent_push_failures_total', pushFailures],
    ['kopia_agent_kopia_calls_total', kopiaCalls],
  ] as const
  return {
    countKopiaCall: (command, result) => {
      // The first call of a command creates both series: increase() does not see a series that starts at 1.
      for (const each of callResults) kopiaCalls.inc({ command, result: each }, 0)
      kopiaCalls.inc({ command, result })
    },
    countPushFailure: () => pushFailures.inc(),
    countUnattributedRun: () => unattributedRuns.inc(),
    countUnexplainedSnapshot: () => unexplainedSnapshots.inc(),
    read: async () => {
      const counted = await Promise.all(
        all.map(async ([name, counter]) => [name, (await counter.get()).values] as const),
      )
      // The values are the counters' own objects, which later counting changes.
      return () => new Map(counted.map(([name, values]) => [name, values.map((sample) => ({ ...sample }))]))
    },
  }
}

function counterOf(name: MetricName): Counter {
  const { help, labels } = definitions[name]
  return new Counter({ name, help, labelNames: labels, registers: [] })
}
