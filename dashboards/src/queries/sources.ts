// Queries about sources. A source is identified by site, user, host and path only. So it counts once even if it reaches
// Prometheus twice (through the gateway and by a scrape of the agent).

import type { MetricName } from '../../../agent/metrics/definitions.ts'
import { ofSources } from '../selectors.ts'
import { asleep } from './agents.ts'

const source = 'site, user, host, path'

/** One series per source. */
function bySource(expression: string): string {
  return `max by (${source}) (${expression})`
}

/** One series per source, with the label `source`, as Kopia prints it: user@host:path. */
export function named(expression: string): string {
  const withAccount = `label_join(${expression}, "account", "@", "user", "host")`
  return `label_join(${withAccount}, "source", ":", "account", "path")`
}

const lastSuccess = bySource(ofSources('kopia_backup_last_success_timestamp_seconds'))
const firstSeen = bySource(ofSources('kopia_backup_first_seen_timestamp_seconds'))
const expectedInterval = bySource(ofSources('kopia_backup_expected_interval_seconds'))
const size = bySource(ofSources('kopia_backup_size_bytes'))

/** For a source that never succeeded, the time starts when the agent first saw it. */
const secondsWithout = `time() - (${lastSuccess} or ${firstSeen})`

const [factor, slackSeconds] = [1.5, 3600]
/** Larger than for a policy: a job that pauses at weekends has a learned interval of a day. */
const learnedFactor = factor + 2
/** For a source without a known interval. */
const unknownSeconds = 3 * 86_400
const by = (origin: string) =>
  bySource(ofSources('kopia_backup_expected_interval_seconds', `origin="${origin}"`))
const allowedByInterval = `${factor} * ${by('policy')} or ${learnedFactor} * ${by('learned')}`
const allowed = `(${slackSeconds} + (${allowedByInterval} or 0 * ${firstSeen} + ${unknownSeconds}))`
const expected = `(${expectedInterval} or 0 * ${firstSeen} + ${unknownSeconds})`
const late = `(${secondsWithout} > ${allowed})`

const isIn = (expression: string) => `group by (${source}) (${expression})`
/** A silent machine that may sleep is away, and its sources are not overdue. */
const away = isIn(
  `${ofSources('kopia_backup_first_seen_timestamp_seconds')} and on (site, job, instance) ${asleep}`,
)
const overdue = `(${late} unless ${away})`

/** The states of a source; a higher number is worse. */
export const states = {
  good: 0,
  running: 1,
  away: 2,
  unknown: 3,
  overdue: 4,
  incomplete: 5,
  failed: 6,
} as const

const endedAs = (status: string) => isIn(ofSources('kopia_backup_duration_seconds', `status="${status}"`))

const state = [
  `${states.failed} * ${endedAs('failed')}`,
  `${states.incomplete} * ${endedAs('incomplete')}`,
  `${states.overdue} * ${isIn(overdue)}`,
  `${states.away} * (${isIn(late)} and ${away})`,
  `${states.running} * ${isIn(ofSources('kopia_backup_running_since_timestamp_seconds'))}`,
  `${states.good} * ${isIn(ofSources('kopia_backup_status'))}`,
  `${states.unknown} * ${isIn(firstSeen)}`,
].join(' or ')

const succeeded = `sum(increase(${ofSources('kopia_backup_attempts_total', 'status="success"')}[$__range]))`
const attempted = `sum(increase(${ofSources('kopia_backup_attempts_total')}[$__range]))`

/** The size before the last success: the latest value in the displayed time while the last success was an earlier one. */
const sizeBefore = `last_over_time((${size} and on (${source}) \
(${lastSuccess} < on (${source}) (max by (${source}) \
(${ofSources('kopia_backup_last_success_timestamp_seconds')} @ end()))))[$__range:$__interval])`

/** The ten series with the greatest values in the displayed time. More lines would be indistinguishable. */
function greatestTen(labels: string, selector: string): string {
  const by = `max by (${labels})`
  const greatest = `${by} (max_over_time(${selector}[$__range] @ end())) > 0`
  return `${by} (${selector}) and on (${labels}) topk(10, ${greatest})`
}

/**
 * Series that exist while a backup runs and shortly after its end, so that a backup shorter than the scrape interval is
 * shown as well. The extra time is a little longer than the step of the annotation queries.
 */
export function backupsOf(select: (metric: MetricName) => string): string {
  const ended = `${select('kopia_backup_last_attempt_timestamp_seconds')} > time() - 15 - $__range_s / 5000`
  return bySource(`${select('kopia_backup_running_since_timestamp_seconds')} or ${ended}`)
}

export const sources = {
  state,
  needAttention: `sum((${state}) > bool ${states.unknown})`,
  overdueSeconds: `(${secondsWithout} - ${expected}) and ${overdue}`,
  overdueInterval: `${expectedInterval} and ${overdue}`,
  backups: backupsOf(ofSources),
  longestWithout: `max(${secondsWithout})`,
  successRate: `${succeeded} / (${attempted} > 0)`,
  lastSuccess,
  size,
  duration: bySource(ofSources('kopia_backup_duration_seconds')),
  files: bySource(ofSources('kopia_backup_files')),
  changedFiles: bySource(ofSources('kopia_backup_changed_files')),
  sizeChange: `${size} - ${sizeBefore}`,
  nextExpected: `${lastSuccess} + ${expectedInterval}`,
  longestDurations: greatestTen(source, ofSources('kopia_backup_duration_seconds')),
  mostChangedFiles: greatestTen(source, ofSources('kopia_backup_changed_files')),
  mostErrors: greatestTen(`${source}, kind`, ofSources('kopia_backup_errors')),
  snapshots: (type: string) => `sum(${bySource(ofSources('kopia_snapshot_count', `type="${type}"`))})`,
} as const
