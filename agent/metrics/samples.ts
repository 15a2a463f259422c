// Ledger in, samples out: a pure function, so that a push is always the whole picture.

import type { MaintenanceKind } from '../kopia/maintenance.ts'
import type { CommandState, Ledger, RepositoryState, SourceState } from '../ledger/ledger.ts'
import type { MetricName } from './catalogue.ts'
import type { Labels, Sample } from './sample.ts'
import { type SeenSource, sourceSeries } from './source-series.ts'

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

export type Known = {
  readonly ledger: Ledger
  /** When the attempts under way began, in Unix seconds, by `user@host:path`. */
  readonly runningSince: ReadonlyMap<string, number>
  readonly agent: AgentState
}

/**
 * All samples of the picture as it is now, those of one metric together. They are made while they are taken: 10,000
 * sources have 250,000, which need not all be there at once.
 */
export function samplesOf(known: Known): Iterable<Sample> {
  const sources = [...known.ledger.sources].map(([name, state]) => seen(name, state, known))
  const others = [
    ...samplesOfCommands(known.ledger.commands),
    ...samplesOfRepository(known.ledger.repository),
    ...samplesOfAgent(known.agent),
  ]
  return (function* samples() {
    for (const { name, more, valueIn } of sourceSeries) {
      for (const source of sources) {
        const value = valueIn(source)
        if (value !== undefined) yield { name, labels: source.labels, more, value }
      }
    }
    yield* others
  })()
}

function seen(name: string, state: SourceState, { ledger, runningSince }: Known): SeenSource {
  return {
    state,
    labels: state.source,
    runningSince: runningSince.get(name),
    interval: ledger.expectedInterval(state),
  }
}

function samplesOfCommands(commands: ReadonlyMap<string, CommandState>): readonly Sample[] {
  const all = [...commands]
  return [
    ...all.map(([command, { result }]) =>
      sample('kopia_command_status', { command }, result === 'success' ? 1 : 0),
    ),
    ...all.flatMap(([command, { lastSuccessAt }]) =>
      optional('kopia_command_last_success_timestamp_seconds', { command }, lastSuccessAt),
    ),
  ]
}

function samplesOfRepository(repository: RepositoryState): readonly Sample[] {
  const { status, maintenance, blobs, contentsBytes } = repository
  const kinds: readonly MaintenanceKind[] = ['quick', 'full']
  return [
    ...optional('kopia_repository_size_bytes', {}, blobs?.sizeBytes),
    ...optional('kopia_repository_blobs', {}, blobs?.count),
    ...optional('kopia_repository_contents_bytes', {}, contentsBytes),
    ...optional('kopia_repository_capacity_bytes', {}, status?.capacityBytes),
    ...optional('kopia_repository_available_bytes', {}, status?.availableBytes),
    ...(status === undefined ? [] : [infoOf(status)]),
    ...kinds.flatMap((kind) =>
      optional(
        'kopia_maintenance_last_success_timestamp_seconds',
        { kind },
        maintenance?.[kind].lastSuccessAt,
      ),
    ),
    ...kinds.flatMap((kind) =>
      optional('kopia_maintenance_next_timestamp_seconds', { kind }, maintenance?.[kind].nextAt),
    ),
  ]
}

function infoOf({ repositoryId, storageType }: NonNullable<RepositoryState['status']>): Sample {
  return sample('kopia_repository_info', { repository: repositoryId, storage: storageType }, 1)
}

function samplesOfAgent(agent: AgentState): readonly Sample[] {
  const { repositoryReachable: reachable } = agent
  return [
    sample('kopia_agent_build_info', { version: agent.version }, 1),
    sample('kopia_agent_always_on', {}, Number(agent.alwaysOn)),
    ...optional('kopia_agent_heartbeat_interval_seconds', {}, agent.heartbeatSeconds),
    ...optional(
      'kopia_agent_repository_reachable',
      {},
      reachable === undefined ? undefined : Number(reachable),
    ),
    sample('kopia_agent_push_failures_total', {}, agent.pushFailures),
    ...agent.kopiaCalls.map(({ command, result, count }) =>
      sample('kopia_agent_kopia_calls_total', { command, result }, count),
    ),
  ]
}

function sample(name: MetricName, labels: Labels, value: number): Sample {
  return { name, labels, value }
}

function optional(name: MetricName, labels: Labels, value: number | undefined): readonly Sample[] {
  return value === undefined ? [] : [sample(name, labels, value)]
}
