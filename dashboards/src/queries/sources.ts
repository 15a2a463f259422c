// Queries about sources. A source is identified by site, user, host and path only. So it counts once even if it reaches
// Prometheus twice (through the gateway and by a scrape of the agent).

import type { MetricName } from '../../../agent/metrics/definitions.ts'
import { ofAgents, ofSources } from '../selectors.ts'
import { asleep, isSilent } from './agents.ts'

/** What identifies a source. */
export const sourceLabels = 'site, user, host, path'
const source = sourceLabels

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
const files = bySource(ofSources('kopia_backup_files'))
const sizeBaseline = bySource(`${ofSources('kopia_backup_size_baseline_bytes')} > 0`)
/** A limit of 1 is never reached. */
const changedRatioLimit = bySource(`${ofSources('kopia_backup_changed_ratio_limit')} < 1`)
/** More limits beside the lines of the sources would be indistinguishable. */
const mostLimits = 3

/** For a source that never succeeded, the time starts when the agent first saw it. */
const secondsWithout = `time() - (${lastSuccess} or ${firstSeen})`

const isIn = (expression: string) => `group by (${source}) (${expression})`

const deadline = ofSources('kopia_backup_deadline_timestamp_seconds')
const passed = `(${deadline} < time())`
/**
 * The exception of KopiaBackupOverdue: the gateway keeps the deadline of a machine that sleeps, which the agent moves once it
 * pushes again.
 */
const pushedBySleeper = `(${ofAgents('kopia_agent_metrics_timestamp_seconds')} and ${ofAgents('kopia_agent_always_on')} == 0)`
const mayMove = `(${deadline} >= ignoring (user, host, path, origin) group_left () ${pushedBySleeper})`
/** The deadlines for which KopiaBackupOverdue or KopiaBackupNeverSucceeded is due. */
const overdue = `(${passed} unless ${mayMove})`
const away = `${passed} and on (site, job, instance) ${asleep}`
/** As KopiaBackupStuck: the gateway keeps the run of a machine that went down. */
const stuck = `${ofSources('kopia_backup_running_deadline_timestamp_seconds')} < time() \
unless on (site, job, instance) ${isSilent}`

/** The states of a source; a higher number is worse. */
export const states = {
  good: 0,
  running: 1,
  away: 2,
  unknown: 3,
  stuck: 4,
  overdue: 5,
  incomplete: 6,
  failed: 7,
} as const

const incomplete = ofSources('kopia_backup_duration_seconds', 'status="incomplete"')
/** As KopiaBackupFailed: also a success that nothing proves, and a source whose snapshots are gone. */
const failed = `${ofSources('kopia_backup_status')} == 0 unless ignoring (status) ${incomplete}`

const state = [
  `${states.failed} * ${isIn(failed)}`,
  `${states.incomplete} * ${isIn(incomplete)}`,
  `${states.overdue} * ${isIn(overdue)}`,
  `${states.stuck} * ${isIn(stuck)}`,
  `${states.away} * ${isIn(away)}`,
  `${states.running} * ${isIn(ofSources('kopia_backup_running_since_timestamp_seconds'))}`,
  `${states.good} * ${isIn(ofSources('kopia_backup_status'))}`,
  `${states.unknown} * ${isIn(firstSeen)}`,
].join(' or ')

/** One series per source, with the label `origin`. */
const earliestOverdue = `min by (${source}, origin) (bottomk by (${source}) (1, ${overdue}))`

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
  overdueSeconds: `time() - ${earliestOverdue}`,
  overdueInterval: `${expectedInterval} and ${isIn(overdue)}`,
  backups: backupsOf(ofSources),
  longestWithout: `max(${secondsWithout})`,
  successRate: `${succeeded} / (${attempted} > 0)`,
  lastSuccess,
  size,
  duration: bySource(ofSources('kopia_backup_duration_seconds')),
  files,
  changedFiles: bySource(ofSources('kopia_backup_changed_files')),
  sizeChange: `${size} - ${sizeBefore}`,
  sizeOfBaseline: `${size} / ${sizeBaseline}`,
  /** The earliest one, if there are two: the alerts are about each. */
  deadline: `min by (${source}) (${deadline})`,
  longestDurations: greatestTen(source, ofSources('kopia_backup_duration_seconds')),
  mostChangedFiles: greatestTen(source, ofSources('kopia_backup_changed_files')),
  changedFilesLimit: `${changedRatioLimit} * ${files} and on () count(${changedRatioLimit}) <= ${mostLimits}`,
  mostErrors: greatestTen(`${source}, kind`, ofSources('kopia_backup_errors')),
  snapshots: (type: string) => `sum(${bySource(ofSources('kopia_snapshot_count', `type="${type}"`))})`,
} as const
