// The metrics of a machine's sources, made from its ledger by the agent's own code.

import { formatSource } from '../../../agent/kopia/source.ts'
import type { Ledger } from '../../../agent/ledger/ledger.ts'
import type { SourceState } from '../../../agent/ledger/source-state.ts'
import { type LimitContext, limitContextOf } from '../../../agent/limits/context.ts'
import type { MetricName } from '../../../agent/metrics/definitions.ts'
import type { Labels } from '../../../agent/metrics/sample.ts'
import { sourceMetricNames, sourceSamples } from '../../../agent/metrics/source-metrics.ts'
import { hour } from './calendar.ts'
import { limits } from './limits.ts'
import type { Metrics } from './tracks.ts'

/** No rule and no state of a dashboard reads these, and a year of them takes as long as the others. */
export const leftOut: readonly MetricName[] = [
  'kopia_snapshot_count',
  'kopia_snapshot_oldest_timestamp_seconds',
  'kopia_backup_attempts_total',
  'kopia_backup_last_attempt_timestamp_seconds',
  'kopia_backup_last_failure_timestamp_seconds',
  'kopia_backup_consecutive_failures',
  'kopia_backup_directories',
  'kopia_backup_excluded_files',
  'kopia_verify_status',
  'kopia_verify_last_attempt_timestamp_seconds',
  'kopia_verify_last_success_timestamp_seconds',
  'kopia_verify_objects',
  'kopia_verify_read_bytes',
  'kopia_verify_restored_files',
]
const pushedNames = sourceMetricNames.filter((name) => !leftOut.includes(name))

/**
 * What the agent pushes of each source at `time`; `runningSince` has the starts of runs under way by `user@host:path`. A source
 * of which nothing has changed has the same map as before.
 */
export function sourceMetrics(
  group: string,
  ledger: Ledger,
  runningSince: ReadonlyMap<string, number>,
  time: number,
): readonly Metrics[] {
  const context = limitContextOf(ledger, limits, time)
  return [...ledger.sources.values()].map((state) => {
    const moment = { runningSince: runningSince.get(formatSource(state.source)), context }
    const before = remembered.get(state)
    if (before !== undefined && isSame(before.moment, moment)) return before.metrics
    const metrics = metricsOf(state, group, moment)
    remembered.set(state, { moment, metrics })
    return metrics
  })
}

type Moment = { readonly runningSince: number | undefined; readonly context: LimitContext }

/** Most pushes change one source. What depends on the time alone is worked out each hour. */
const remembered = new WeakMap<SourceState, { readonly moment: Moment; readonly metrics: Metrics }>()

function isSame(one: Moment, other: Moment): boolean {
  const hours = [one, other].map(({ context }) => Math.floor(context.nowSeconds / hour))
  return (
    hours[0] === hours[1] &&
    one.runningSince === other.runningSince &&
    one.context.uptimeQuarters === other.context.uptimeQuarters
  )
}

function metricsOf(state: SourceState, group: string, { runningSince, context }: Moment): Metrics {
  const sourceContext = { runningSince: () => runningSince, limits: context }
  return new Map(
    pushedNames.flatMap((name) =>
      sourceSamples(name, [state], sourceContext).map(
        ({ labels, sharedLabels = noLabels, value }): [string, number] => [
          seriesOf(name, group, sharedLabels, labels),
          value,
        ],
      ),
    ),
  )
}

/** What an agent pushes that is older than the limits, and than the metrics of its setup. */
export function withoutLimits(metrics: Metrics): Metrics {
  const isNew = /^kopia_(backup_\w*(deadline|baseline|limit)|verify_|agent_metrics_timestamp)/
  return new Map([...metrics].filter(([series]) => !isNew.test(series)))
}

const noLabels: Labels = {}

/** Remembered by the objects of the labels, since each push of the year needs the same texts. */
const known = new WeakMap<Labels, Map<Labels, Map<string, string>>>()

function seriesOf(name: string, group: string, ofSource: Labels, labels: Labels): string {
  const bySource = known.get(ofSource) ?? new Map<Labels, Map<string, string>>()
  known.set(ofSource, bySource)
  const byName = bySource.get(labels) ?? new Map<string, string>()
  bySource.set(labels, byName)
  const series = byName.get(name) ?? formatSeries(name, group, { ...ofSource, ...labels })
  byName.set(name, series)
  return series
}

function formatSeries(name: string, group: string, labels: Labels): string {
  const own = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  return `${name}{${[group, ...own].join(', ')}}`
}
