// What the gateway holds of a group (pushgateway README, "Query API").

import { asNumber, asRecord, parseJson } from '../util/json.ts'
import { askGateway, type GatewayOptions } from './pushgateway.ts'

type Labels = Readonly<Record<string, string>>

export type Group = {
  readonly labels: Labels
  readonly series: number
  /** Sources that it tells of. */
  readonly sources: number
  /** Unix seconds. */
  readonly lastPushAt: number
  readonly isLastPushGood: boolean
}

export type GroupAnswer =
  | { readonly kind: 'found'; readonly group: Group }
  /** The groups of the same job, for who has mistaken a name. */
  | { readonly kind: 'absent'; readonly ofSameJob: readonly Labels[] }
  | { readonly kind: 'failed'; readonly reason: string }

/** The labels that tell this agent's group from all others. */
export function groupLabels({ job, instance, grouping }: GatewayOptions): Labels {
  return { job, instance, ...grouping }
}

/** `{job="kopia", instance="vm"}`. */
export function formatLabels(labels: Labels): string {
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(', ')}}`
}

/** Asks the gateway for the group that `options` names. */
export async function findGroup(options: GatewayOptions): Promise<GroupAnswer> {
  const answer = await askGateway(options, `${options.url.replace(/\/+$/, '')}/api/v1/metrics`, {
    method: 'GET',
  })
  if (!answer.ok) return { kind: 'failed', reason: answer.reason }
  try {
    const { data } = asRecord(parseJson(answer.body), 'answer')
    const groups = (Array.isArray(data) ? data : []).map(parseGroup)
    const wanted = groupLabels(options)
    const group = groups.find(({ labels }) => areSame(labels, wanted))
    if (group !== undefined) return { kind: 'found', group }
    const ofSameJob = groups.map(({ labels }) => labels).filter(({ job }) => job === options.job)
    return { kind: 'absent', ofSameJob }
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    return { kind: 'failed', reason: `it does not answer as a Pushgateway: ${problem}` }
  }
}

function parseGroup(value: unknown): Group {
  const { labels, last_push_successful, ...metrics } = asRecord(value, 'group')
  const names = Object.entries(asRecord(labels, 'labels')).map(([name, label]) => [name, String(label)])
  const countOf = (name: string) => seriesOf(metrics[name]).length
  const ownNames = Object.keys(metrics).filter((name) => !ofGateway.has(name))
  return {
    labels: Object.fromEntries(names),
    series: ownNames.reduce((sum, name) => sum + countOf(name), 0),
    sources: countOf('kopia_backup_first_seen_timestamp_seconds'),
    lastPushAt: numberOf(metrics.push_time_seconds),
    isLastPushGood: last_push_successful === true,
  }
}

/** What the gateway adds to each group. */
const ofGateway: ReadonlySet<string> = new Set(['push_time_seconds', 'push_failure_time_seconds'])

function seriesOf(metric: unknown): readonly unknown[] {
  if (metric === undefined) return []
  const { metrics } = asRecord(metric, 'metric')
  return Array.isArray(metrics) ? metrics : []
}

/** The gateway writes values as texts. */
function numberOf(metric: unknown): number {
  const [series] = seriesOf(metric)
  return series === undefined ? 0 : asNumber(Number(asRecord(series, 'series').value))
}

function areSame(one: Labels, other: Labels): boolean {
  const names = Object.keys(one)
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name])
}
