// The machines' resources over time.

import { property } from '../panel.ts'
import { type Lines, lines } from '../panels/lines.ts'
import { machines } from '../queries/machines.ts'

const legend = '{{nodename}} {{site}}'
const size = { width: 12, height: 8 } as const
const noValue =
  'No machine yet: run node-exporter on the machines that run backups, and let Prometheus scrape it ' +
  '(deploy/prometheus/prometheus.yml).'
const noPressure =
  'No data: node-exporter reads the pressure from /proc/pressure, which needs Linux 4.20 with PSI.'

/** Draws incoming data above the axis and outgoing data below it. */
function bothWays(description: Lines) {
  return lines(description).overrideByRegexp('.* (sent|written)$', [
    property('custom.transform', 'negative-Y'),
  ])
}

export const trends = [
  lines({
    ...size,
    title: 'CPU Usage',
    description: 'The share of time in which the CPUs were not idle.',
    unit: 'percentunit',
    noValue,
    queries: [{ expression: machines.cpu, legend }],
  })
    .min(0)
    .max(1),
  lines({
    ...size,
    title: 'Memory Consumption',
    description: 'The share of memory that is not available to new processes. Caches count as available.',
    unit: 'percentunit',
    noValue,
    queries: [{ expression: machines.memory, legend }],
  })
    .min(0)
    .max(1),
  lines({
    ...size,
    title: 'Disk Space',
    description: 'The used share of the ten fullest file systems.',
    unit: 'percentunit',
    noValue,
    queries: [{ expression: machines.disk, legend: `${legend} {{mountpoint}}` }],
  })
    .min(0)
    .max(1),
  bothWays({
    ...size,
    title: 'Network Traffic',
    description: 'Bytes per second on physical network devices: received above the axis, sent below.',
    unit: 'binBps',
    noValue,
    queries: [
      { expression: machines.received, legend: `${legend} received` },
      { expression: machines.sent, legend: `${legend} sent` },
    ],
  }),
  bothWays({
    ...size,
    title: 'Disk I/O',
    description: 'Bytes per second: read above the axis, written below.',
    unit: 'binBps',
    noValue,
    queries: [
      { expression: machines.read, legend: `${legend} read` },
      { expression: machines.written, legend: `${legend} written` },
    ],
  }),
  lines({
    ...size,
    title: 'Disk Busy',
    description: 'The share of time in which the busiest disk was busy.',
    unit: 'percentunit',
    noValue,
    queries: [{ expression: machines.diskBusy, legend }],
  })
    .min(0)
    .max(1),
  lines({
    ...size,
    title: 'Load per Core',
    description: 'The one-minute load average per core. Above 1, some processes wait for a CPU.',
    unit: 'short',
    noValue,
    queries: [{ expression: machines.load, legend }],
  }).min(0),
  lines({
    ...size,
    title: 'Pressure',
    description: 'The share of time in which at least one process waited for a CPU, a disk, or memory.',
    unit: 'percentunit',
    noValue: noPressure,
    queries: [
      { expression: machines.cpuPressure, legend: `${legend} CPU` },
      { expression: machines.ioPressure, legend: `${legend} disk` },
      { expression: machines.memoryPressure, legend: `${legend} memory` },
    ],
  }).min(0),
] as const
