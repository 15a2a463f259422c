// Samples to the text that Prometheus and its Pushgateway read.

import { Counter, Gauge, Registry } from 'prom-client'
import { catalogue, type Metric } from './catalogue.ts'
import type { Sample } from './samples.ts'

export const contentType = Registry.PROMETHEUS_CONTENT_TYPE

/** The text exposition format, version 0.0.4. Metrics without a sample are left out. */
export async function toText(samples: readonly Sample[]): Promise<string> {
  const registry = new Registry()
  for (const [name, ofName] of Map.groupBy(samples, (sample) => sample.name)) {
    const metric = createMetric(name, catalogue[name], registry)
    for (const { labels, value } of ofName) metric.inc(labels, value)
  }
  return registry.metrics()
}

function createMetric(name: string, metric: Metric, registry: Registry): Gauge | Counter {
  const configuration = { name, help: metric.help, labelNames: metric.labels, registers: [registry] }
  return metric.type === 'counter' ? new Counter(configuration) : new Gauge(configuration)
}
