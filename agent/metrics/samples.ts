// Ledger in, samples out: a pure function, so that a push is always the whole picture.

import type { MaintenanceKind } from '../kopia/maintenance.ts'
import { formatSource, type Source } from '../kopia/source.ts'
import { outcomes } from '../kopia/verdict.ts'
import { snapshotTypes } from '../ledger/held-snapshots.ts'
import type {
  CommandState,
  ExpectedInterval,
  Ledger,
  RepositoryState,
  SourceState,
} from '../ledger/ledger.ts'
import type { MetricName } from './catalogue.ts'

export type Sample = {
  readonly name: MetricName
  /** What it is about: for all samples of one source the same object. */
  readonly labels: Labels
  /** What tells apart the samples that one metric has of it. */
  readonly more?: Labels | undefined
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

/**
 * All samples of the picture as it is now, those of one metric together. They are made while they are taken: 10,000
 * sources have 250,000, which need not all be there at once.
 */
export function samplesOf(known: Known): Iterable<Sample> {
  const sources = [...known.ledger.sources.values()].map((state) => seen(state, known))
  const ofSources = Object.entries(sourceMetrics) as readonly (readonly [MetricName, FiguresOf])[]
  const others = [
    ...samplesOfCommands(known.ledger.commands),
    ...samplesOfRepository(known.ledger.repository),
    ...samplesOfAgent(known.agent),
  ]
  return (function* samples() {
    for (const [name, figuresOf] of ofSources) {
      for (const source of sources) {
        for (const { value, more } of figuresOf(source)) yield { name, labels: source.labels, more, value }
      }
    }
    yield* others
  })()
}

/** A source as it is when the picture is made. */
type SeenSource = {
  readonly state: SourceState
  readonly labels: Source
  readonly runningSince: number | undefined
  readonly interval: ExpectedInterval | undefined
}

/** The values of one metric for one source, with the labels that tell them apart. */
type Figure = { readonly value: number; readonly more?: Labels }
type FiguresOf = (source: SeenSource) => readonly Figure[]

// Each of these labels stands in 10,000 samples: they are the same object, so that their text is made once.
const types = snapshotTypes.map((type) => ({ type }))
const statuses = outcomes.map((status) => ({ status }))
const [fatal, ignored] = [{ kind: 'fatal' }, { kind: 'ignored' }]

const sourceMetrics: Readonly<Partial<Record<MetricName, FiguresOf>>> = {
  kopia_backup_status: ({ state: { lastAttempt } }) =>
    one(lastAttempt && (lastAttempt.outcome === 'success' ? 1 : 0)),
  kopia_backup_duration_seconds: ({ state: { lastAttempt } }) =>
    lastAttempt === undefined
      ? []
      : [{ value: lastAttempt.durationSeconds, more: { status: lastAttempt.outcome } }],
  kopia_backup_size_bytes: ({ state }) => one(state.held?.newest?.sizeBytes),
  kopia_snapshot_count: ({ state: { held } }) =>
    held === undefined ? [] : types.map((more) => ({ value: held.counts[more.type], more })),
  kopia_backup_attempts_total: ({ state }) =>
    statuses.map((more) => ({ value: state.attempts[more.status], more })),
  kopia_backup_last_success_timestamp_seconds: ({ state }) => one(state.lastSuccessAt),
  kopia_backup_last_attempt_timestamp_seconds: ({ state }) => one(state.lastAttempt?.endedAt),
  kopia_backup_first_seen_timestamp_seconds: ({ state }) => one(state.firstSeenAt),
  kopia_backup_last_failure_timestamp_seconds: ({ state }) => one(state.lastFailureAt),
  kopia_backup_consecutive_failures: ({ state }) => one(state.consecutiveFailures),
  kopia_backup_running_since_timestamp_seconds: ({ runningSince }) => one(runningSince),
  kopia_backup_files: ({ state }) => one(state.held?.newest?.files),
  kopia_backup_directories: ({ state }) => one(state.held?.newest?.directories),
  kopia_backup_changed_files: ({ state }) => one(state.held?.newest?.changedFiles),
  kopia_backup_excluded_files: ({ state }) => one(state.held?.newest?.excludedFiles),
  kopia_backup_errors: ({ state: { lastAttempt } }) =>
    lastAttempt === undefined
      ? []
      : [
          { value: lastAttempt.errors.fatal, more: fatal },
          { value: lastAttempt.errors.ignored, more: ignored },
        ],
  kopia_backup_expected_interval_seconds: ({ interval }) =>
    interval === undefined ? [] : [{ value: interval.seconds, more: { origin: interval.origin } }],
  kopia_snapshot_oldest_timestamp_seconds: ({ state }) => one(state.held?.oldestAt),
}

function seen(state: SourceState, { ledger, runningSince }: Known): SeenSource {
  return {
    state,
    labels: state.source,
    runningSince: runningSince.get(formatSource(state.source)),
    interval: ledger.expectedInterval(state),
  }
}

function one(value: number | undefined): readonly Figure[] {
  return value === undefined ? [] : [{ value }]
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
