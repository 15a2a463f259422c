// Ledger in, samples out: a pure function, so that a push is always the whole picture.

import type { MaintenanceKind } from '../kopia/maintenance.ts'
import { formatSource } from '../kopia/source.ts'
import { outcomes } from '../kopia/verdict.ts'
import { snapshotTypes } from '../ledger/held-snapshots.ts'
import type { CommandState, Ledger, RepositoryState, SourceState } from '../ledger/ledger.ts'
import type { MetricName } from './catalogue.ts'

export type Sample = {
  readonly name: MetricName
  readonly labels: Labels
  readonly value: number
}

type Labels = Readonly<Record<string, string>>

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

/** All samples of the picture. */
export function samplesOf({ ledger, runningSince, agent }: Known): readonly Sample[] {
  return [
    ...[...ledger.sources.values()].flatMap((state) => [
      ...samplesOfAttempts(state, runningSince.get(formatSource(state.source))),
      ...samplesOfSnapshots(state),
      ...samplesOfInterval(state, ledger),
    ]),
    ...[...ledger.commands].flatMap(([command, state]) => samplesOfCommand(command, state)),
    ...samplesOfRepository(ledger.repository),
    ...samplesOfAgent(agent),
  ]
}

function samplesOfAttempts(state: SourceState, runningSince: number | undefined): readonly Sample[] {
  const labels = labelsOf(state)
  const { lastAttempt } = state
  return [
    ...outcomes.map((status) =>
      sample('kopia_backup_attempts_total', { ...labels, status }, state.attempts[status]),
    ),
    sample('kopia_backup_first_seen_timestamp_seconds', labels, state.firstSeenAt),
    sample('kopia_backup_consecutive_failures', labels, state.consecutiveFailures),
    ...optional('kopia_backup_last_success_timestamp_seconds', labels, state.lastSuccessAt),
    ...optional('kopia_backup_last_failure_timestamp_seconds', labels, state.lastFailureAt),
    ...optional('kopia_backup_running_since_timestamp_seconds', labels, runningSince),
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
          sample('kopia_backup_errors', { ...labels, kind: 'fatal' }, lastAttempt.errors.fatal),
          sample('kopia_backup_errors', { ...labels, kind: 'ignored' }, lastAttempt.errors.ignored),
        ]),
  ]
}

function samplesOfSnapshots(state: SourceState): readonly Sample[] {
  const labels = labelsOf(state)
  const { held } = state
  if (held === undefined) return []
  const { newest } = held
  return [
    ...snapshotTypes.map((type) => sample('kopia_snapshot_count', { ...labels, type }, held.counts[type])),
    ...optional('kopia_snapshot_oldest_timestamp_seconds', labels, held.oldestAt),
    ...(newest === undefined
      ? []
      : [
          sample('kopia_backup_size_bytes', labels, newest.sizeBytes),
          sample('kopia_backup_files', labels, newest.files),
          sample('kopia_backup_directories', labels, newest.directories),
          sample('kopia_backup_changed_files', labels, newest.changedFiles),
          sample('kopia_backup_excluded_files', labels, newest.excludedFiles),
        ]),
  ]
}

function samplesOfInterval(state: SourceState, ledger: Ledger): readonly Sample[] {
  const interval = ledger.expectedInterval(state)
  if (interval === undefined) return []
  const labels = { ...labelsOf(state), origin: interval.origin }
  return [sample('kopia_backup_expected_interval_seconds', labels, interval.seconds)]
}

function samplesOfCommand(command: string, state: CommandState): readonly Sample[] {
  return [
    sample('kopia_command_status', { command }, state.result === 'success' ? 1 : 0),
    ...optional('kopia_command_last_success_timestamp_seconds', { command }, state.lastSuccessAt),
  ]
}

function samplesOfRepository({
  status,
  maintenance,
  blobs,
  contentsBytes,
}: RepositoryState): readonly Sample[] {
  const kinds: readonly MaintenanceKind[] = ['quick', 'full']
  return [
    ...optional('kopia_repository_size_bytes', {}, blobs?.sizeBytes),
    ...optional('kopia_repository_blobs', {}, blobs?.count),
    ...optional('kopia_repository_contents_bytes', {}, contentsBytes),
    ...optional('kopia_repository_capacity_bytes', {}, status?.capacityBytes),
    ...optional('kopia_repository_available_bytes', {}, status?.availableBytes),
    ...(status === undefined
      ? []
      : [
          sample(
            'kopia_repository_info',
            { repository: status.repositoryId, storage: status.storageType },
            1,
          ),
        ]),
    ...kinds.flatMap((kind) => [
      ...optional(
        'kopia_maintenance_last_success_timestamp_seconds',
        { kind },
        maintenance?.[kind].lastSuccessAt,
      ),
      ...optional('kopia_maintenance_next_timestamp_seconds', { kind }, maintenance?.[kind].nextAt),
    ]),
  ]
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

function labelsOf({ source: { user, host, path } }: SourceState): Labels {
  return { user, host, path }
}

function sample(name: MetricName, labels: Labels, value: number): Sample {
  return { name, labels, value }
}

function optional(name: MetricName, labels: Labels, value: number | undefined): readonly Sample[] {
  return value === undefined ? [] : [sample(name, labels, value)]
}
