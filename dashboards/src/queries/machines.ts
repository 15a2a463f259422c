// Queries for node-exporter's metrics. A machine is named by its nodename, which Kopia uses as well.

import { type NodeMetricName, ofMachines } from '../selectors.ts'

const machine = 'site, job, instance'

/** Adds the label `nodename` to series with site, job and instance. */
function named(expression: string): string {
  return `(${expression}) * on (${machine}) group_left (nodename) ${ofMachines('node_uname_info')}`
}

function rate(metric: NodeMetricName, ...matchers: readonly string[]): string {
  return `rate(${ofMachines(metric, ...matchers)}[$__rate_interval])`
}

/** Virtual devices are excluded, because traffic of containers and virtual machines also passes the real devices. */
const realDevices =
  'device!~"lo|veth.*|docker.*|br-.*|virbr.*|cni.*|flannel.*|cali.*|podman.*|ifb.*|tun.*|tap.*"'
const realDisks = 'device!~"(loop|ram|zram|dm-|md|sr).*"'
const realFileSystems = 'fstype!~"tmpfs|ramfs|devtmpfs|squashfs|iso9660|erofs|fuse.*"'

const sumOf = (expression: string) => named(`sum by (${machine}) (${expression})`)

const cpu = `1 - avg by (${machine}) (${rate('node_cpu_seconds_total', 'mode="idle"')})`
const cores = `count by (${machine}) (${rate('node_cpu_seconds_total', 'mode="idle"')})`
const load = `${ofMachines('node_load1')} / on (${machine}) ${cores}`
const availableMemory = ofMachines('node_memory_MemAvailable_bytes')
const memory = `1 - ${availableMemory} / ${ofMachines('node_memory_MemTotal_bytes')}`
const space = (metric: NodeMetricName) => ofMachines(metric, realFileSystems)
const diskAt = (modifier: string) =>
  `1 - ${space('node_filesystem_avail_bytes')}${modifier} / ${space('node_filesystem_size_bytes')}${modifier}`
const diskByMount = (modifier: string) => `max by (${machine}, mountpoint) (${diskAt(modifier)})`
const pressure = (metric: NodeMetricName) => `max by (${machine}) (${rate(metric)})`
const ioPressure = pressure('node_pressure_io_waiting_seconds_total')

export const machines = {
  down: `sum(${ofMachines('up')} == bool 0)`,
  highestCpu: `max(${cpu})`,
  highestMemory: `max(${memory})`,
  highestLoad: `max(${load})`,
  fullestDisk: `max(${diskAt('')})`,
  highestPressure: `max(${ioPressure})`,
  cpu: named(cpu),
  memory: named(memory),
  disk: named(`${diskByMount('')} and on (${machine}, mountpoint) topk(10, ${diskByMount(' @ end()')})`),
  load: named(load),
  received: sumOf(rate('node_network_receive_bytes_total', realDevices)),
  sent: sumOf(rate('node_network_transmit_bytes_total', realDevices)),
  read: sumOf(rate('node_disk_read_bytes_total', realDisks)),
  written: sumOf(rate('node_disk_written_bytes_total', realDisks)),
  diskBusy: named(`max by (${machine}) (${rate('node_disk_io_time_seconds_total', realDisks)})`),
  cpuPressure: named(pressure('node_pressure_cpu_waiting_seconds_total')),
  ioPressure: named(ioPressure),
  memoryPressure: named(pressure('node_pressure_memory_waiting_seconds_total')),
} as const
