// Checks that the agent's metrics arrive at the gateway, and that Prometheus scrapes them there.

import { findGroup, formatLabels, groupLabels } from '../push/group.ts'
import type { GatewayOptions } from '../push/pushgateway.ts'
import { storeApi } from '../push/store-api.ts'
import type { PushTarget } from '../push/target.ts'
import { agoWords, countWords, pluralWords } from '../status/words.ts'
import { messageOf } from '../util/error-text.ts'
import { type Finding, failure, ok, warning } from './finding.ts'

/** By default the agent pushes at least every five minutes. */
const staleSeconds = 3600

/** Checks that the gateway answers and has a recent push of this agent. */
export async function checkGateway(options: GatewayOptions, now: number): Promise<Finding> {
  const name = formatLabels(groupLabels(options))
  const result = await findGroup(options)
  switch (result.kind) {
    case 'failed':
      return failure(
        'gateway',
        `${options.url}: ${result.reason}`,
        'start the Pushgateway, or correct pushgateway_url and its credentials',
      )
    case 'absent':
      return warning('gateway', `${options.url} holds no group ${name}`, 'start the agent, or push once')
    case 'found': {
      const { series, sources, lastPushAt, isLastPushGood } = result.group
      const age = agoWords(lastPushAt, now)
      const held = `${name}: ${countWords(series)} series of ${pluralWords(sources, 'source')}, last pushed ${age}`
      if (!isLastPushGood) {
        return failure(
          'gateway',
          `${held}, and refused since`,
          "see the agent's log and the gateway's for why",
        )
      }
      return now - lastPushAt > staleSeconds
        ? warning('gateway', held, 'start the agent, or run "forget" if this machine is retired')
        : ok('gateway', held)
    }
  }
}

/** Without a gateway, somebody has to fetch the metrics: each unit of several agents listens nowhere unless it is told to. */
export function checkWithoutGateway(isFetchable: boolean): Finding {
  return isFetchable
    ? ok('gateway', 'none, since pushgateway_url is empty')
    : failure(
        'gateway',
        'none, and the agent neither listens nor writes a textfile: nobody gets its metrics',
        'set pushgateway_url, listen or textfile',
      )
}

/** Checks that Prometheus has the agent's series, with the labels that rules and dashboards expect. */
export async function checkPrometheus(prometheusUrl: string, options: GatewayOptions): Promise<Finding> {
  const { job, instance, grouping, target } = options
  const base = prometheusUrl.replace(/\/+$/, '')
  const api = storeApi(options, base)
  const countSeries = async (labels: Readonly<Record<string, string>>) =>
    (await api.value(countOf(labels, target))) ?? 0
  try {
    if ((await countSeries({ job, instance, ...grouping })) > 0) {
      return ok('Prometheus', `${base} has ${formatLabels({ job, instance, ...grouping })}`)
    }
    const isRelabelled = (await countSeries({ exported_job: job, exported_instance: instance })) > 0
    return isRelabelled
      ? failure(
          'Prometheus',
          `${base} has this agent's series under other labels (exported_job, exported_instance)`,
          'set honor_labels: true in the scrape_config of the gateway, and reload Prometheus',
        )
      : failure(
          'Prometheus',
          `${base} has no series of ${formatLabels({ job, instance, ...grouping })}`,
          adviceOnMissing[target.kind],
        )
  } catch (error) {
    const reason = messageOf(error)
    return failure('Prometheus', `${base}: ${reason}`, 'start Prometheus, or correct prometheus_url')
  }
}

const adviceOnMissing = {
  pushgateway:
    'have it scrape the gateway as in deploy/prometheus/prometheus.yml; a new group appears with the next scrape',
  'prometheus-import': 'correct prometheus_url, so that it names the store that gets the pushes',
} as const

/** What was pushed to an import is shown for a while only. Without series, count() has no result rather than 0. */
function countOf(labels: Readonly<Record<string, string>>, { kind }: PushTarget): string {
  const series = `kopia_agent_build_info${formatLabels(labels)}`
  return kind === 'pushgateway' ? `count(${series})` : `count(last_over_time(${series}[1h]))`
}
