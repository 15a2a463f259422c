// Ledger in, samples out: a pure function, so that a push is always the whole picture.

import type { RepositoryStatus } from '../kopia/cli/client.ts'
import { expectedIntervalOf } from '../ledger/expected-interval.ts'
import type { CommandState, Ledger, RepositoryState } from '../ledger/ledger.ts'
import type { SourceState } from '../ledger/source-state.ts'
import type { MetricName } from './definitions.ts'
import type { Labels, SampleGroup } from './sample-group.ts'
import { type SourceContext, sourceSeries } from './source-metrics.ts'

/** What the agent knows of itself. */
export type AgentState = {
  readonly version: string
  readonly alwaysOn: boolean
  /** Undefined where nobody promises another push. */
  readonly heartbeatSeconds: number | undefined
  /** Undefined until the repository was asked for the first time. */
  readonly repositoryReachable: boolean | undefined
  readonly pushFailures: number
  /** By command and result. */
  readonly kopiaCalls: readonly KopiaCalls[]
}

export type KopiaCalls = {
  readonly command: string
  readonly result: 'success' | 'failed'
  readonly count: number
}

export type MetricsInput = {
  readonly ledger: Ledger
  /** When the attempts under way began, in Unix seconds, by `user@host:path`. */
  readonly runningSince: ReadonlyMap<string, number>
  readonly agent: AgentState
}

/**
 * The picture as it is now, the groups of one metric together. They are made while they are taken, so that not all are
 * there at once; what they are made of is gathered at once, so that a picture that is sent slowly is still of one moment.
 */
export function samplesOf({ ledger, runningSince, agent }: MetricsInput): Iterable<SampleGroup> {
  const others = [
    ...groupsOfCommands(ledger.commands),
    ...groupsOfRepository(ledger.repository),
    ...groupsOfAgent(agent),
  ]
  return groupsOf([...ledger.sources.values()], sourceContextOf(ledger, runningSince), others)
}

function sourceContextOf(
  { sources, repository }: Ledger,
  runningSince: MetricsInput['runningSince'],
): SourceContext {
  const running = new Map([...runningSince].map(([name, since]) => [sources.get(name), since]))
  const { policies } = repository
  return {
    runningSince: (state) => running.get(state),
    expectedInterval: (state) => expectedIntervalOf(state, policies),
  }
}

function* groupsOf(
  states: readonly SourceState[],
  moment: SourceContext,
  others: readonly SampleGroup[],
): Generator<SampleGroup> {
  const subjects = states.map(({ source }) => source)
  for (const { name, more, valueIn } of sourceSeries)
    yield { name, more, subjects, values: states.map((state) => valueIn(state, moment)) }
  yield* others
}

function groupsOfCommands(commands: ReadonlyMap<string, CommandState>): readonly SampleGroup[] {
  const subjects = [...commands.keys()].map((command) => ({ command }))
  const states = [...commands.values()]
  return [
    {
      name: 'kopia_command_status',
      subjects,
      values: states.map(({ result }) => (result === 'success' ? 1 : 0)),
    },
    {
      name: 'kopia_command_last_success_timestamp_seconds',
      subjects,
      values: states.map(({ lastSuccessAt }) => lastSuccessAt),
    },
  ]
}

function groupsOfRepository(repository: RepositoryState): readonly SampleGroup[] {
  const { status, maintenance, blobs, contentsBytes } = repository
  const kinds = ['quick', 'full'] as const
  const subjects = kinds.map((kind) => ({ kind }))
  return [
    single('kopia_repository_size_bytes', blobs?.sizeBytes),
    single('kopia_repository_blobs', blobs?.count),
    single('kopia_repository_contents_bytes', contentsBytes),
    single('kopia_repository_capacity_bytes', status?.capacityBytes),
    single('kopia_repository_available_bytes', status?.availableBytes),
    ...(status === undefined ? [] : [infoOf(status)]),
    {
      name: 'kopia_maintenance_last_success_timestamp_seconds',
      subjects,
      values: kinds.map((kind) => maintenance?.[kind].lastSuccessAt),
    },
    {
      name: 'kopia_maintenance_next_timestamp_seconds',
      subjects,
      values: kinds.map((kind) => maintenance?.[kind].nextAt),
    },
  ]
}

function infoOf({ repositoryId, storageType }: RepositoryStatus): SampleGroup {
  return single('kopia_repository_info', 1, { repository: repositoryId, storage: storageType })
}

function groupsOfAgent(agent: AgentState): readonly SampleGroup[] {
  const { repositoryReachable: reachable, kopiaCalls } = agent
  return [
    single('kopia_agent_build_info', 1, { version: agent.version }),
    single('kopia_agent_always_on', Number(agent.alwaysOn)),
    single('kopia_agent_heartbeat_interval_seconds', agent.heartbeatSeconds),
    single('kopia_agent_repository_reachable', reachable === undefined ? undefined : Number(reachable)),
    single('kopia_agent_push_failures_total', agent.pushFailures),
    {
      name: 'kopia_agent_kopia_calls_total',
      subjects: kopiaCalls.map(({ command, result }) => ({ command, result })),
      values: kopiaCalls.map(({ count }) => count),
    },
  ]
}

function single(name: MetricName, value: number | undefined, labels: Labels = {}): SampleGroup {
  return { name, subjects: [labels], values: [value] }
}
