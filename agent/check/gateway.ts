// Does what the agent pushes arrive, and does Prometheus take it from there?

import { findGroup, formatLabels, groupLabels } from '../push/group.ts'
import { askGateway, type GatewayOptions } from '../push/pushgateway.ts'
import { agoWords, countWords, pluralWords } from '../status/words.ts'
import { asRecord, parseJson } from '../util/json.ts'
import { type Finding, failure, ok, warning } from './finding.ts'

/** A push every five minutes is usual; a group without one for this long is stale. */
const staleSeconds = 3600

/** Whether the gateway answers, and what it holds of this agent. */
export async function checkGateway(options: GatewayOptions, now: number): Promise<Finding> {
  const name = formatLabels(groupLabels(options))
  const answer = await findGroup(options)
  switch (answer.kind) {
    case 'failed':
      return failure(
        'gateway',
        `${options.url}: ${answer.reason}`,
        'start the Pushgateway, or correct pushgateway_url and its credentials',
      )
    case 'absent':
      return warning('gateway', `${options.url} holds nothing of ${name}`, 'start the agent, or push once')
    case 'found': {
      const { series, sources, lastPushAt, isLastPushGood } = answer.group
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
        ? warning('gateway', held, 'start the agent; forget the group where the machine is retired')
        : ok('gateway', held)
    }
  }
}

/** Whether Prometheus has the agent's series, under the labels that rules and dashboards ask for. */
export async function checkPrometheus(
  prometheusUrl: string,
  { job, instance, grouping, timeoutMs }: GatewayOptions,
): Promise<Finding> {
  const base = prometheusUrl.replace(/\/+$/, '')
  const count = async (labels: Readonly<Record<string, string>>) => {
    const query = `count(kopia_agent_build_info${formatLabels(labels)})`
    const answer = await askGateway(
      // No credentials of the gateway's go to anybody else.
      { timeoutMs, credentials: { kind: 'none' }, tls: {} },
      `${base}/api/v1/query?query=${encodeURIComponent(query)}`,
      { method: 'GET' },
    )
    if (!answer.ok) throw new Error(answer.reason)
    return countIn(answer.body)
  }
  try {
    if ((await count({ job, instance, ...grouping })) > 0) {
      return ok('Prometheus', `${base} has ${formatLabels({ job, instance, ...grouping })}`)
    }
    const isRelabelled = (await count({ exported_job: job, exported_instance: instance })) > 0
    return isRelabelled
      ? failure(
          'Prometheus',
          `${base} has this agent's series under other labels (exported_job, exported_instance)`,
          'set honor_labels: true in the scrape_config of the gateway, and reload Prometheus',
        )
      : failure(
          'Prometheus',
          `${base} has no series of ${formatLabels({ job, instance, ...grouping })}`,
          'have it scrape the gateway: deploy/prometheus/prometheus.yml shows how; a new group takes one scrape',
        )
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return failure('Prometheus', `${base}: ${reason}`, 'start Prometheus, or correct prometheus_url')
  }
}

/** The one value of an instant query; no result means none (Prometheus HTTP API v1). */
function countIn(body: string): number {
  const { result } = asRecord(asRecord(parseJson(body), 'answer').data, 'data')
  const [series]: readonly unknown[] = Array.isArray(result) ? result : []
  if (series === undefined) return 0
  const { value } = asRecord(series, 'series')
  return Number(Array.isArray(value) ? value[1] : 0)
}
