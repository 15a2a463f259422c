// Serves the ledger as metrics. prom-client's Registry writes the text, and reads each metric from the ledger meanwhile.

import Registry from 'prom-client/lib/registry.js'
import type { Ledger } from '../ledger/ledger.ts'
import { type LimitSettings, limitContextOf } from '../limits/context.ts'
import { inPieces } from '../util/chunked-text.ts'
import {
  type AgentCounters,
  type AgentFacts,
  agentSamples,
  type CallResult,
  createAgentCounters,
} from './agent-metrics.ts'
import { definitions, type MetricName } from './definitions.ts'
import { commandSamples, repositorySamples } from './repository-metrics.ts'
import type { Sample, SamplesByName } from './sample.ts'
import { type SourceContext, sourceMetricNames, sourceSamples } from './source-metrics.ts'

export type MetricsRegistry = {
  readonly contentType: string
  /**
   * The metrics text, in pieces that are written while they are read. A text is of the moment at which its first piece
   * is read, however slowly the rest follows; several texts may be read at the same time.
   */
  readonly text: () => AsyncGenerator<string>
  readonly countKopiaCall: (command: string, result: CallResult) => void
  readonly countPushFailure: () => void
  readonly countUnattributedRun: () => void
  readonly countUnexplainedSnapshot: () => void
}

type MetricsInput = {
  readonly ledger: Ledger
  /** When the running attempts began, in Unix seconds, by `user@host:path`. */
  readonly runningSince: () => ReadonlyMap<string, number>
  readonly agent: () => AgentFacts
  readonly limits: LimitSettings
  readonly nowSeconds: () => number
}

/** Creates the registry of one agent, whose own counters start at 0. */
export function createMetricsRegistry(input: MetricsInput): MetricsRegistry {
  const counters = createAgentCounters()
  return {
    contentType: Registry.PROMETHEUS_CONTENT_TYPE,
    text: () => inPieces(textOf(input, counters)),
    countKopiaCall: counters.countKopiaCall,
    countPushFailure: counters.countPushFailure,
    countUnattributedRun: counters.countUnattributedRun,
    countUnexplainedSnapshot: counters.countUnexplainedSnapshot,
  }
}

/** Metric by metric: the text of 10,000 sources is 24 MB, that of one metric at most 10 MB. */
async function* textOf(input: MetricsInput, counters: AgentCounters): AsyncGenerator<string> {
  const registry = await registryOf(input, counters)
  for (const { name } of registry.getMetricsAsArray()) {
    const text = await registry.getSingleMetricAsString(name)
    if (hasSamples(text)) yield `${text}\n`
  }
}

/** The registry writes HELP and TYPE also for a metric without samples. */
function hasSamples(text: string): boolean {
  return /^[^#]/m.test(text)
}

/**
 * A registry for one text. It freezes the moment, not the samples: a metric makes its samples when the registry writes
 * it. A `Gauge` would hold every sample a second time and take four times the CPU.
 */
async function registryOf(input: MetricsInput, counters: AgentCounters): Promise<Registry> {
  const registry = new Registry()
  const register = (name: MetricName, samples: () => readonly Sample[]) => {
    const { help, type } = definitions[name]
    registry.registerMetric({ name, get: async () => ({ name, help, type, values: samples() }) })
  }
  const counted = await counters.read()
  // No `await` from here on, so that all parts are of the same moment.
  const { ledger } = input
  const states = [...ledger.sources.values()]
  const context = contextOf(input)
  for (const name of sourceMetricNames) register(name, () => sourceSamples(name, states, context))
  const others: readonly SamplesByName[] = [
    commandSamples(ledger.commands),
    repositorySamples(ledger.repository),
    agentSamples(input.agent(), input.nowSeconds()),
    counted(),
  ]
  for (const [name, samples] of others.flatMap((by) => [...by])) register(name, () => samples)
  return registry
}

function contextOf({ ledger, runningSince, limits, nowSeconds }: MetricsInput): SourceContext {
  const running = new Map([...runningSince()].map(([name, since]) => [ledger.sources.get(name), since]))
  return {
    runningSince: (state) => running.get(state),
    limits: limitContextOf(ledger, limits, nowSeconds()),
  }
}
