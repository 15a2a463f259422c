// The metrics of one source: how each value follows from the source's state.

import { outcomes } from '../kopia/runs/outcome-kinds.ts'
import { verifyErrorKinds } from '../ledger/proof.ts'
import { snapshotTypes } from '../ledger/snapshot-summary.ts'
import { isBackedUp, type SourceState } from '../ledger/source-state.ts'
import { changedRatioLimitOf, sizeBaselineOf } from '../limits/baselines.ts'
import type { LimitContext } from '../limits/context.ts'
import { type Deadline, deadlineOf } from '../limits/deadline.ts'
import { expectedIntervalOf } from '../limits/expected-interval.ts'
import { runningDeadlineOf } from '../limits/running-deadline.ts'
import { verifyDeadlineOf } from '../limits/verify-deadline.ts'
import type { MetricName } from './definitions.ts'
import type { Labels, Sample } from './sample.ts'

/** What the metrics of a source need beside its state. */
export type SourceContext = {
  /** In Unix seconds; undefined while no attempt is running. */
  readonly runningSince: (state: SourceState) => number | undefined
  readonly limits: LimitContext
}

type SourceSeries = {
  readonly name: MetricName
  /** Labels beside those of the source: of one of its several series, or of this sample. */
  readonly extraLabels?: Labels | ((state: SourceState, context: SourceContext) => Labels)
  /** Undefined where the source has no such sample. */
  readonly valueIn: (state: SourceState, context: SourceContext) => number | undefined
}

/** One object for each origin, since the registry formats an object once. */
const originLabels = {
  policy: { origin: 'policy' },
  configured: { origin: 'configured' },
  learned: { origin: 'learned' },
  assumed: { origin: 'assumed' },
  never: { origin: 'never' },
} as const satisfies Record<Deadline['origin'], Labels>

const deadlineIn = (state: SourceState, { limits, runningSince }: SourceContext) =>
  deadlineOf(state, limits, runningSince(state))

const sourceSeries: readonly SourceSeries[] = [
  {
    name: 'kopia_backup_status',
    valueIn: (state) =>
      state.lastAttempt === undefined && state.unproven === undefined ? undefined : Number(isBackedUp(state)),
  },
  ...outcomes.map((status) => ({
    name: 'kopia_backup_duration_seconds' as const,
    extraLabels: { status },
    valueIn: ({ lastAttempt }: SourceState) =>
      lastAttempt?.outcome === status ? lastAttempt.durationSeconds : undefined,
  })),
  { name: 'kopia_backup_size_bytes', valueIn: ({ held }) => held?.newest?.sizeBytes },
  ...snapshotTypes.map((type) => ({
    name: 'kopia_snapshot_count' as const,
    extraLabels: { type },
    valueIn: ({ held }: SourceState) => held?.counts[type],
  })),
  ...outcomes.map((status) => ({
    name: 'kopia_backup_attempts_total' as const,
    extraLabels: { status },
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
    extraLabels: { kind },
    valueIn: ({ lastAttempt }: SourceState) => lastAttempt?.errors[kind],
  })),
  {
    name: 'kopia_backup_expected_interval_seconds',
    extraLabels: (state, { limits }) => originLabels[expectedIntervalOf(state, limits)?.origin ?? 'learned'],
    valueIn: (state, { limits }) => expectedIntervalOf(state, limits)?.seconds,
  },
  {
    name: 'kopia_backup_deadline_timestamp_seconds',
    extraLabels: (state, context) => originLabels[deadlineIn(state, context).origin],
    valueIn: (state, context) => deadlineIn(state, context).at,
  },
  {
    name: 'kopia_backup_running_deadline_timestamp_seconds',
    valueIn: (state, { limits, runningSince }) => runningDeadlineOf(state, limits, runningSince(state)),
  },
  {
    name: 'kopia_backup_size_baseline_bytes',
    valueIn: (state, { limits }) => sizeBaselineOf(state, limits.nowSeconds)?.bytes,
  },
  {
    name: 'kopia_backup_files_baseline',
    valueIn: (state, { limits }) => sizeBaselineOf(state, limits.nowSeconds)?.files,
  },
  {
    name: 'kopia_backup_changed_ratio_limit',
    valueIn: (state, { limits }) => changedRatioLimitOf(state, limits.nowSeconds),
  },
  { name: 'kopia_snapshot_oldest_timestamp_seconds', valueIn: ({ held }) => held?.oldestAt },
  {
    name: 'kopia_verify_status',
    valueIn: ({ proof }) => proof?.verdict && Number(proof.verdict.outcome === 'proven'),
  },
  { name: 'kopia_verify_last_success_timestamp_seconds', valueIn: ({ proof }) => proof?.lastSuccessAt },
  {
    name: 'kopia_verify_last_attempt_timestamp_seconds',
    valueIn: ({ proof }) => proof?.lastAttempt.endedAt,
  },
  {
    name: 'kopia_verify_deadline_timestamp_seconds',
    valueIn: (state, { limits }) => verifyDeadlineOf(state, limits),
  },
  { name: 'kopia_verify_objects', valueIn: ({ proof }) => proof?.verdict?.objects },
  { name: 'kopia_verify_read_bytes', valueIn: ({ proof }) => proof?.verdict?.readBytes },
  { name: 'kopia_verify_restored_files', valueIn: ({ proof }) => proof?.verdict?.restoredFiles },
  ...verifyErrorKinds.map((kind) => ({
    name: 'kopia_verify_errors' as const,
    extraLabels: { kind },
    valueIn: ({ proof }: SourceState) => proof?.verdict?.errors[kind],
  })),
]

const noLabels: Labels = {}

const seriesByName = Map.groupBy(sourceSeries, ({ name }) => name)

/** The metrics that have samples per source. */
export const sourceMetricNames: readonly MetricName[] = [...seriesByName.keys()]

/** All samples of one metric, for these sources. */
export function sourceSamples(
  name: MetricName,
  states: readonly SourceState[],
  context: SourceContext,
): readonly Sample[] {
  const samples: Sample[] = []
  for (const { extraLabels, valueIn } of seriesByName.get(name) ?? []) {
    for (const state of states) {
      const value = valueIn(state, context)
      if (value === undefined) continue
      const labels = typeof extraLabels === 'function' ? extraLabels(state, context) : extraLabels
      samples.push({ labels: labels ?? noLabels, sharedLabels: state.source, value })
    }
  }
  return samples
}
