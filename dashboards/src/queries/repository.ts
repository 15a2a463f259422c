// Queries about repositories, Kopia's commands and maintenance. Agents that share a repository all report it; the queries
// return one series per repository, named by its storage and the first characters of its id.

import type { MetricName } from '../../../agent/metrics/definitions.ts'
import { ofAgents } from '../selectors.ts'

function byRepository(expression: string): string {
  const info = ofAgents('kopia_repository_info')
  const named = `${expression} * on (site, job, instance) group_left (repository, storage) ${info}`
  const shortened = `label_replace(${named}, "repository", "$1", "repository", "(.{8}).*")`
  return `max by (site, storage, repository) (${shortened})`
}

const of = (metric: MetricName) => byRepository(ofAgents(metric))
const available = ofAgents('kopia_repository_available_bytes')

/** Ten years. Used as the maximum if the free space does not shrink. */
export const notInSightSeconds = 315_360_000
/** The trend up to the end of the displayed time. `@ end()` makes it constant over the graph, so it is computed once. */
const trend = `${available}[$__range:$__interval] @ end()`
/** Both ends in the displayed time: VictoriaMetrics finds the timestamp of a single point in the last step only. */
const seen = `timestamp(${available})[$__range:$__interval] @ end()`
/** A first upload does not make a trend. */
const isKnownLongEnough = `max_over_time(${seen}) - min_over_time(${seen}) > 0.5 * $__range_s`
const shrinkPerSecond = `clamp_min(-deriv(${trend}), 0.001)`
const secondsLeft = `clamp_max(${available} / ${shrinkPerSecond}, ${notInSightSeconds})`

/** The prediction is at least zero and at most the capacity of the volume. */
const inThirtyDays = `clamp_min(${available} @ end() + ${30 * 86_400} * deriv(${trend}), 0)`
const capacity = ofAgents('kopia_repository_capacity_bytes')

/** The results of a command or of maintenance, the worst first. */
export const results = { failed: 0, late: 1, never: 2, good: 3 } as const

const byTask = (expression: string) => `max by (site, instance, task) (${expression})`
const asTask = (expression: string, task: string, label: string) =>
  byTask(`label_replace(${expression}, "task", "${task}", "${label}", "(.*)")`)

const commandResult = `${results.good} * ${asTask(ofAgents('kopia_command_status'), '$1', 'command')}`
const verifyOfEach = asTask(ofAgents('kopia_agent_build_info'), 'snapshot verify', 'job')
/** Where the agent verifies, nobody needs to run that command. */
const verifiedByAgent = ofAgents('kopia_verify_last_attempt_timestamp_seconds')
const neverVerified = `${results.never} * ${verifyOfEach} unless on (site, instance) ${verifiedByAgent}`
const ofMaintenance = (metric: MetricName) => asTask(ofAgents(metric), '$1 maintenance', 'kind')
const due = ofMaintenance('kopia_maintenance_next_timestamp_seconds')
/** Maintenance may be an hour late, because it runs together with other commands. */
const maintenanceResult = `${results.good} - ${results.good - results.late} * (${due} < bool time() - 3600)`
const commandSuccess = asTask(ofAgents('kopia_command_last_success_timestamp_seconds'), '$1', 'command')

export const repositories = {
  size: of('kopia_repository_size_bytes'),
  contents: of('kopia_repository_contents_bytes'),
  available: byRepository(available),
  predicted: byRepository(`((${inThirtyDays} < ${capacity} or ${capacity}) and ${isKnownLongEnough})`),
  fullIn: `min(${secondsLeft} and ${isKnownLongEnough})`,
  taskResult: `${commandResult} or ${neverVerified} or ${maintenanceResult}`,
  taskSuccess: `${commandSuccess} or ${ofMaintenance('kopia_maintenance_last_success_timestamp_seconds')}`,
  taskDue: due,
} as const
