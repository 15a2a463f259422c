// Series by name and by what is chosen in the dashboard's variables. A name that nobody exports does not
// compile.

import type { MetricName } from '../../agent/metrics/definitions.ts'

/** Of node-exporter: those that the dashboards use. */
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

/** Of the Pushgateway, about each group that was pushed to it. */
export type GatewayMetricName = 'push_time_seconds'

/** Only series that came from several sites into one store have a site; all others pass with "All". */
const ofGroup = ['site=~"$site"', 'job=~"$job"'] as const

/** Series of the chosen sources. */
export function ofSources(metric: MetricName, ...matchers: readonly string[]): string {
  return select(metric, [...ofGroup, 'host=~"$host"', 'path=~"$path"', ...matchers])
}

/** Series of the agents that report the chosen sources: those about the agent itself and its repository. */
export function ofAgents(metric: MetricName | GatewayMetricName, ...matchers: readonly string[]): string {
  return select(metric, [...ofGroup, 'instance=~"$instance"', ...matchers])
}

/** Series of the chosen machines. */
export function ofMachines(metric: NodeMetricName | 'up', ...matchers: readonly string[]): string {
  return select(metric, [...ofGroup, 'instance=~"$instance"', ...matchers])
}

export function select(metric: string, matchers: readonly string[]): string {
  return `${metric}{${matchers.join(', ')}}`
}
