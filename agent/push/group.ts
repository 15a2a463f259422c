// Reads a group from the gateway (pushgateway README, "Query API").

import { messageOf } from '../util/error-text.ts'
import { asNumber, asRecord, parseJson } from '../util/json.ts'
import { type GatewayOptions, requestGateway } from './pushgateway.ts'

type Labels = Readonly<Record<string, string>>

type Group = {
  readonly labels: Labels
  readonly series: number
  /** How many sources the group has series of. */
  readonly sources: number
  /** Unix seconds. */
  readonly lastPushAt: number
  readonly isLastPushGood: boolean
}

export type GroupResult =
  | { readonly kind: 'found'; readonly group: Group }
  /** `ofSameJob` are the other groups of the job, in case the name of the group is wrong. */
  | { readonly kind: 'absent'; readonly ofSameJob: readonly Labels[] }
  | { readonly kind: 'failed'; readonly reason: string }

/** The grouping key: the labels that identify this agent's group. */
export function groupLabels({ job, instance, grouping }: GatewayOptions): Labels {
  return { job, instance, ...grouping }
}

/** `{job="kopia", instance="vm"}`. */
export function formatLabels(labels: Labels): string {
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(', ')}}`
}

/** Reads the group that `options` name. */
export async function findGroup(options: GatewayOptions): Promise<GroupResult> {
  const response = await requestGateway(options, `${options.url.replace(/\/+$/, '')}/api/v1/metrics`, {
    method: 'GET',
  })
  if (!response.ok) return { kind: 'failed', reason: response.reason }
  try {
    const { data } = asRecord(parseJson(response.body), 'answer')
    const groups = (Array.isArray(data) ? data : []).map(parseGroup)
    const wanted = groupLabels(options)
    const group = groups.find(({ labels }) => areSame(labels, wanted))
    if (group !== undefined) return { kind: 'found', group }
    const ofSameJob = groups.map(({ labels }) => labels).filter(({ job }) => job === options.job)
    return { kind: 'absent', ofSameJob }
  } catch (error) {
    const problem = messageOf(error)
    return { kind: 'failed', reason: `its answer is not a Pushgateway's: ${problem}` }
  }
}

function parseGroup(value: unknown): Group {
  const { labels, last_push_successful, ...metrics } = asRecord(value, 'group')
  const names = Object.entries(asRecord(labels, 'labels')).map(([name, label]) => [name, String(label)])
  const seriesCountOf = (name: string) => seriesOf(metrics[name]).length
  const ownNames = Object.keys(metrics).filter((name) => !gatewayMetrics.has(name))
  return {
    labels: Object.fromEntries(names),
    series: ownNames.reduce((sum, name) => sum + seriesCountOf(name), 0),
    sources: seriesCountOf('kopia_backup_first_seen_timestamp_seconds'),
    lastPushAt: numberOf(metrics.push_time_seconds),
    isLastPushGood: last_push_successful === true,
  }
}

/** Metrics that the gateway adds to each group. */
const gatewayMetrics: ReadonlySet<string> = new Set(['push_time_seconds', 'push_failure_time_seconds'])

function seriesOf(metric: unknown): readonly unknown[] {
  if (metric === undefined) return []
  const { metrics } = asRecord(metric, 'metric')
  return Array.isArray(metrics) ? metrics : []
}

/** The gateway writes values as strings. */
function numberOf(metric: unknown): number {
  const [series] = seriesOf(metric)
  return series === undefined ? 0 : asNumber(Number(asRecord(series, 'series').value))
}

function areSame(one: Labels, other: Labels): boolean {
  const names = Object.keys(one)
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name])
}
