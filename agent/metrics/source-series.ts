// What is told of each source: every series once, and how its value comes from the ledger.

import { outcomes } from '../kopia/verdict.ts'
import { snapshotTypes } from '../ledger/held-snapshots.ts'
import type { ExpectedInterval } from '../ledger/ledger.ts'
import type { SourceState } from '../ledger/source-state.ts'
import type { MetricName } from './catalogue.ts'
import type { Labels } from './sample-group.ts'

/** A source as it is when the picture is made. */
export type SeenSource = {
  readonly state: SourceState
  readonly runningSince: number | undefined
  readonly interval: ExpectedInterval | undefined
}

type SourceSeries = {
  readonly name: MetricName
  /** What tells apart the series that one metric has of one source. */
  readonly more?: Labels
  /** Undefined where there is none. */
  readonly valueIn: (source: SeenSource) => number | undefined
}

/** Those of one metric together. */
export const sourceSeries: readonly SourceSeries[] = [
  {
    name: 'kopia_backup_status',
    valueIn: ({ state: { lastAttempt } }) => lastAttempt && (lastAttempt.outcome === 'success' ? 1 : 0),
  },
  ...outcomes.map((status) => ({
    name: 'kopia_backup_duration_seconds' as const,
    more: { status },
    valueIn: ({ state: { lastAttempt } }: SeenSource) =>
      lastAttempt?.outcome === status ? lastAttempt.durationSeconds : undefined,
  })),
  { name: 'kopia_backup_size_bytes', valueIn: ({ state }) => state.held?.newest?.sizeBytes },
  ...snapshotTypes.map((type) => ({
    name: 'kopia_snapshot_count' as const,
    more: { type },
    valueIn: ({ state }: SeenSource) => state.held?.counts[type],
  })),
  ...outcomes.map((status) => ({
    name: 'kopia_backup_attempts_total' as const,
    more: { status },
    valueIn: ({ state }: SeenSource) => state.attempts[status],
  })),
  { name: 'kopia_backup_last_success_timestamp_seconds', valueIn: ({ state }) => state.lastSuccessAt },
  { name: 'kopia_backup_last_attempt_timestamp_seconds', valueIn: ({ state }) => state.lastAttempt?.endedAt },
  { name: 'kopia_backup_first_seen_timestamp_seconds', valueIn: ({ state }) => state.firstSeenAt },
  { name: 'kopia_backup_last_failure_timestamp_seconds', valueIn: ({ state }) => state.lastFailureAt },
  { name: 'kopia_backup_consecutive_failures', valueIn: ({ state }) => state.consecutiveFailures },
  { name: 'kopia_backup_running_since_timestamp_seconds', valueIn: ({ runningSince }) => runningSince },
  { name: 'kopia_backup_files', valueIn: ({ state }) => state.held?.newest?.files },
  { name: 'kopia_backup_directories', valueIn: ({ state }) => state.held?.newest?.directories },
  { name: 'kopia_backup_changed_files', valueIn: ({ state }) => state.held?.newest?.changedFiles },
  { name: 'kopia_backup_excluded_files', valueIn: ({ state }) => state.held?.newest?.excludedFiles },
  ...(['fatal', 'ignored'] as const).map((kind) => ({
    name: 'kopia_backup_errors' as const,
    more: { kind },
    valueIn: ({ state }: SeenSource) => state.lastAttempt?.errors[kind],
  })),
  ...(['policy', 'learned'] as const).map((origin) => ({
    name: 'kopia_backup_expected_interval_seconds' as const,
    more: { origin },
    valueIn: ({ interval }: SeenSource) => (interval?.origin === origin ? interval.seconds : undefined),
  })),
  { name: 'kopia_snapshot_oldest_timestamp_seconds', valueIn: ({ state }) => state.held?.oldestAt },
]
