// What the dashboards ask about repositories and about what Kopia does to them. Agents that share a repository each
// report it: it is one series here, named by its storage and the beginning of its id.

import type { MetricName } from '../../../agent/metrics/catalogue.ts'
import { ofAgents } from '../selectors.ts'

function byRepository(expression: string): string {
  const info = ofAgents('kopia_repository_info')
  const named = `${expression} * on (job, instance) group_left (repository, storage) ${info}`
  return `max by (storage, repository) (label_replace(${named}, "repository", "$1", "repository", "(.{8}).*"))`
}

const of = (metric: MetricName) => byRepository(ofAgents(metric))
const available = ofAgents('kopia_repository_available_bytes')
const thirtyDays = 30 * 86_400

/** Ten years and more, where the space does not shrink. */
export const notInSightSeconds = 315_360_000
const shrinkPerSecond = `clamp_min(-deriv(${available}[$__range]), 0.001)`

/** The results of a command, and one more for those who never verified. */
export const results = { failed: 0, succeeded: 1, never: 2 } as const

const byTask = (expression: string) => `max by (instance, task) (${expression})`
const asTask = (expression: string, task: string, label: string) =>
  byTask(`label_replace(${expression}, "task", "${task}", "${label}", "(.*)")`)

const commandResult = asTask(ofAgents('kopia_command_status'), '$1', 'command')
const neverVerified = `${results.never} * ${asTask(ofAgents('kopia_agent_build_info'), 'snapshot verify', 'job')}`
const ofMaintenance = (metric: MetricName) => asTask(ofAgents(metric), '$1 maintenance', 'kind')
const commandSuccess = asTask(ofAgents('kopia_command_last_success_timestamp_seconds'), '$1', 'command')

export const repositories = {
  size: of('kopia_repository_size_bytes'),
  contents: of('kopia_repository_contents_bytes'),
  available: byRepository(available),
  capacity: of('kopia_repository_capacity_bytes'),
  predicted: byRepository(`clamp_min(predict_linear(${available}[$__range], ${thirtyDays}), 0)`),
  fullIn: `min(clamp_max(${available} / ${shrinkPerSecond}, ${notInSightSeconds}))`,
  taskResult: `${commandResult} or ${neverVerified}`,
  taskSuccess: `${commandSuccess} or ${ofMaintenance('kopia_maintenance_last_success_timestamp_seconds')}`,
  taskDue: ofMaintenance('kopia_maintenance_next_timestamp_seconds'),
} as const
