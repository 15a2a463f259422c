// What is told of each source: every series once, and how its value comes from the ledger.

import { outcomes } from '../kopia/runs/outcome.ts'
import type { ExpectedInterval } from '../ledger/expected-interval.ts'
import { snapshotTypes } from '../ledger/snapshot-summary.ts'
import type { SourceState } from '../ledger/source-state.ts'
import type { MetricName } from './definitions.ts'
import type { Labels } from './sample-group.ts'

/** What else is known of sources at the moment of the picture. */
export type SourceContext = {
  /** In Unix seconds; undefined where no attempt is under way. */
  readonly runningSince: (state: SourceState) => number | undefined
  readonly expectedInterval: (state: SourceState) => ExpectedInterval | undefined
}

type SourceSeries = {
  readonly name: MetricName
  /** What tells apart the series that one metric has of one source. */
  readonly more?: Labels
  /** Undefined where there is none. */
  readonly valueIn: (state: SourceState, moment: SourceContext) => number | undefined
}

/** Those of one metric together. */
export const sourceSeries: readonly SourceSeries[] = [
  {
    name: 'kopia_backup_status',
    valueIn: ({ lastAttempt }) => lastAttempt && (lastAttempt.outcome === 'success' ? 1 : 0),
  },
  ...outcomes.map((status) => ({
    name: 'kopia_backup_duration_seconds' as const,
    more: { status },
    valueIn: ({ lastAttempt }: SourceState) =>
      lastAttempt?.outcome === status ? lastAttempt.durationSeconds : undefined,
  })),
  { name: 'kopia_backup_size_bytes', valueIn: ({ held }) => held?.newest?.sizeBytes },
  ...snapshotTypes.map((type) => ({
    name: 'kopia_snapshot_count' as const,
    more: { type },
    valueIn: ({ held }: SourceState) => held?.counts[type],
  })),
  ...outcomes.map((status) => ({
    name: 'kopia_backup_attempts_total' as const,
    more: { status },
    valueIn: ({ attempts }: SourceState) => attempts[status],
  })),
  { name: 'kopia_backup_last_success_timestamp_seconds', valueIn: ({ lastSuccessAt }) => lastSuccessAt },
  { name: 'kopia_backup_last_attempt_timestamp_seconds', valueIn: ({ lastAttempt }) => lastAttempt?.endedAt },
  { name: 'kopia_backup_first_seen_timestamp_seconds', valueIn: ({ firstSeenAt }) => firstSeenAt },
  { name: 'kopia_backup_last_failure_timestamp_seconds', valueIn: ({ lastFailureAt }) => lastFailureAt },
  { name: 'kopia_backup_consecutive_failures', valueIn: ({ consecutiveFailures }) => consecutiveFailures },
  {
    name: 'kopia_backup_running_since_timestamp_seconds',
    valueIn: (state, { runningSince }) => runningSince(state),
  },
  { name: 'kopia_backup_files', valueIn: ({ held }) => held?.newest?.files },
  { name: 'kopia_backup_directories', valueIn: ({ held }) => held?.newest?.directories },
  { name: 'kopia_backup_changed_files', valueIn: ({ held }) => held?.newest?.changedFiles },
  { name: 'kopia_backup_excluded_files', valueIn: ({ held }) => held?.newest?.excludedFiles },
  ...(['fatal', 'ignored'] as const).map((kind) => ({
    name: 'kopia_backup_errors' as const,
    more: { kind },
    valueIn: ({ lastAttempt }: SourceState) => lastAttempt?.errors[kind],
  })),
  ...(['policy', 'learned'] as const).map((origin) => ({
    name: 'kopia_backup_expected_interval_seconds' as const,
    more: { origin },
    valueIn: (state: SourceState, { expectedInterval }: SourceContext) => {
      const interval = expectedInterval(state)
      return interval?.origin === origin ? interval.seconds : undefined
    },
  })),
  { name: 'kopia_snapshot_oldest_timestamp_seconds', valueIn: ({ held }) => held?.oldestAt },
]
