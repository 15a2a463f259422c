// Selectors by metric name and by the dashboard's variables. A name of a metric that does not exist does not compile.

import type { MetricName } from '../../agent/metrics/definitions.ts'

/** The node-exporter metrics that the dashboards use. */
export type NodeMetricName =
  | 'node_cpu_seconds_total'
  | 'node_disk_io_time_seconds_total'
  | 'node_disk_read_bytes_total'
  | 'node_disk_written_bytes_total'
  | 'node_filesystem_avail_bytes'
  | 'node_filesystem_size_bytes'
  | 'node_load1'
  | 'node_memory_MemAvailable_bytes'
  | 'node_memory_MemTotal_bytes'
  | 'node_network_receive_bytes_total'
  | 'node_network_transmit_bytes_total'
  | 'node_pressure_cpu_waiting_seconds_total'
  | 'node_pressure_io_waiting_seconds_total'
  | 'node_pressure_memory_waiting_seconds_total'
  | 'node_uname_info'

/** Only series in a central store of several sites have the label `site`. "All" also matches series without it. */
const ofGroup = ['site=~"$site"', 'job=~"$job"'] as const

/** Selects the series of the selected sources. */
export function ofSources(metric: MetricName, ...matchers: readonly string[]): string {
  return select(metric, [...ofGroup, 'host=~"$host"', 'path=~"$path"', ...matchers])
}

/** Selects the series about the agents (and their repositories) that report the selected sources. */
export function ofAgents(metric: MetricName, ...matchers: readonly string[]): string {
  return select(metric, [...ofGroup, 'instance=~"$instance"', ...matchers])
}

/** Selects the series of the selected machines. */
export function ofMachines(metric: NodeMetricName | 'up', ...matchers: readonly string[]): string {
  return select(metric, [...ofGroup, 'instance=~"$instance"', ...matchers])
}

export function select(metric: string, matchers: readonly string[]): string {
  return `${metric}{${matchers.join(', ')}}`
}
