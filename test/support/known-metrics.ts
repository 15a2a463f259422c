// Lists every metric that rules and dashboards may name, as its producers define it.

import { definitions, type Metric } from '../../agent/metrics/definitions.ts'
import { scrape } from './prometheus.ts'
import type { KnownMetrics } from './promql.ts'
import type { Service } from './stack.ts'
import { waitFor } from './wait.ts'

/** Labels that scraping and the gateway's grouping add to every metric. `site` exists only in a fleet (deploy/FLEET.md). */
export const labelsOfGroup = ['site', 'job', 'instance'] as const

const labelsOfAlerts = ['alertname', 'severity', 'user', 'host', 'path']

/** Returns the metrics of the agent, of the gateway, of node-exporter and of Prometheus itself. */
export async function knownMetrics(gateway: Service, nodeExporter: Service): Promise<KnownMetrics> {
  await fetch(`${gateway.url}/metrics/job/kopia/instance/vm`, { method: 'PUT', body: 'x 1\n' })
  await waitFor('the gateway has the push', async () => (await scrape(gateway.url)).get('push_time_seconds'))
  return new Map([
    ...Object.entries<Metric>(definitions).map(([name, { labels }]): [string, Set<string>] => [
      name,
      new Set(labels),
    ]),
    ...(await scraped(gateway)),
    ...(await scraped(nodeExporter)),
    ['up', new Set()],
    ['ALERTS', new Set([...labelsOfAlerts, 'alertstate'])],
    ['ALERTS_FOR_STATE', new Set(labelsOfAlerts)],
  ])
}

async function scraped(service: Service): Promise<readonly [string, Set<string>][]> {
  const all = await scrape(service.url)
  return [...all].map(([name, series]) => [
    name,
    new Set(series.flatMap(({ labels }) => Object.keys(labels))),
  ])
}
