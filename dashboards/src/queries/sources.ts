// What the dashboards ask about sources. A source is told apart by site, user, host and path alone, so that one
// that two ways lead to Prometheus (the gateway and a scrape of the agent) counts once.

import type { MetricName } from '../../../agent/metrics/definitions.ts'
import { overdueMargin } from '../../../agent/status/overdue.ts'
import { ofSources } from '../selectors.ts'
import { asleep } from './agents.ts'

const source = 'site, user, host, path'

/** One series per source. */
export function bySource(expression: string): string {
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

/** A source that never succeeded is as old as the agent's knowledge of it. */
const secondsWithout = `time() - (${lastSuccess} or ${firstSeen})`

const { factor, slackSeconds } = overdueMargin
/** A job that rests at weekends has learned that it runs daily. */
const learnedFactor = factor + 2
/** For a source of which nothing tells how often it should run. */
const unknownSeconds = 3 * 86_400
const by = (origin: string) =>
  bySource(ofSources('kopia_backup_expected_interval_seconds', `origin="${origin}"`))
const allowedByInterval = `${factor} * ${by('policy')} or ${learnedFactor} * ${by('learned')}`
const allowed = `(${slackSeconds} + (${allowedByInterval} or 0 * ${firstSeen} + ${unknownSeconds}))`
const expected = `(${expectedInterval} or 0 * ${firstSeen} + ${unknownSeconds})`
const late = `(${secondsWithout} > ${allowed})`

const isIn = (expression: string) => `group by (${source}) (${expression})`
/** What a machine that may sleep did not back up while it slept is nobody's fault. */
const away = isIn(
  `${ofSources('kopia_backup_first_seen_timestamp_seconds')} and on (site, job, instance) ${asleep}`,
)
const overdue = `(${late} unless ${away})`

/** How a source stands; the greater, the worse. */
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

/**
 * What the size was before the last success: the newest moment shown at which the success was an earlier one.
 */
const sizeBefore = `last_over_time((${size} and on (${source}) \
(${lastSuccess} < on (${source}) (max by (${source}) \
(${ofSources('kopia_backup_last_success_timestamp_seconds')} @ end()))))[$__range:$__interval])`

/** The ten with the greatest values in the time that is shown: more lines cannot be told apart. */
function greatestTen(labels: string, selector: string): string {
  const by = `max by (${labels})`
  const greatest = `${by} (max_over_time(${selector}[$__range] @ end())) > 0`
  return `${by} (${selector}) and on (${labels}) topk(10, ${greatest})`
}

/**
 * Series that are there while a backup runs and for a moment after it has ended, so that one that is over
 * before it is scraped is seen as well: the moment is a little longer than the step at which Grafana asks for
 * annotations.
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
  expectedInterval,
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
