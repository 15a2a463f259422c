// Ledger in, samples out: a pure function, so that a push is always the whole picture.

import { outcomes } from '../kopia/verdict.ts'
import { snapshotTypes } from '../ledger/held-snapshots.ts'
import type { SourceState } from '../ledger/ledger.ts'
import type { MetricName } from './catalogue.ts'

export type Sample = {
  readonly name: MetricName
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** What the agent knows of itself. */
export type AgentState = {
  readonly version: string
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
  readonly sources: Iterable<SourceState>
  readonly repositorySizeBytes: number | undefined
  readonly agent: AgentState
}

/** All samples of the picture. */
export function samplesOf({ sources, repositorySizeBytes, agent }: Known): readonly Sample[] {
  return [
    ...[...sources].flatMap(samplesOfSource),
    ...optional('kopia_repository_size_bytes', {}, repositorySizeBytes),
    ...samplesOfAgent(agent),
  ]
}

function samplesOfSource(state: SourceState): readonly Sample[] {
  const { user, host, path } = state.source
  const labels = { user, host, path }
  const { lastAttempt, snapshotCounts } = state
  return [
    ...outcomes.map((status) =>
      sample('kopia_backup_attempts_total', { ...labels, status }, state.attempts[status]),
    ),
    ...(lastAttempt === undefined
      ? []
      : [
          sample('kopia_backup_status', labels, lastAttempt.outcome === 'success' ? 1 : 0),
          sample(
            'kopia_backup_duration_seconds',
            { ...labels, status: lastAttempt.outcome },
            lastAttempt.durationSeconds,
          ),
          sample('kopia_backup_last_attempt_timestamp_seconds', labels, lastAttempt.endedAt),
        ]),
    ...optional('kopia_backup_last_success_timestamp_seconds', labels, state.lastSuccessAt),
    ...optional('kopia_backup_size_bytes', labels, state.sizeBytes),
    ...(snapshotCounts === undefined
      ? []
      : snapshotTypes.map((type) =>
          sample('kopia_snapshot_count', { ...labels, type }, snapshotCounts[type]),
        )),
  ]
}

function samplesOfAgent(agent: AgentState): readonly Sample[] {
  const { repositoryReachable: reachable } = agent
  return [
    sample('kopia_agent_build_info', { version: agent.version }, 1),
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

function sample(name: MetricName, labels: Sample['labels'], value: number): Sample {
  return { name, labels, value }
}

function optional(name: MetricName, labels: Sample['labels'], value: number | undefined): readonly Sample[] {
  return value === undefined ? [] : [sample(name, labels, value)]
}
