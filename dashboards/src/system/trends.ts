// The machines over time.

import { property } from '../panel.ts'
import { type Lines, lines } from '../panels/lines.ts'
import { machines } from '../queries/machines.ts'

const legend = '{{nodename}} {{site}}'
const place = { width: 12, height: 8 } as const
const noValue =
  'No machine yet: run node-exporter on the machines that make backups, and let Prometheus scrape it ' +
  '(deploy/prometheus/prometheus.yml).'
const noPressure =
  'No pressure known: node-exporter reads it from /proc/pressure, which needs Linux 4.20 with PSI.'

/** What comes in stands above the line, what goes out below it. */
function bothWays(description: Lines) {
  return lines(description).overrideByRegexp('.* (sent|written)$', [
    property('custom.transform', 'negative-Y'),
  ])
}

export const trends = [
  lines({
    ...place,
    title: 'CPU Usage',
    description: 'Share of the time in which the processors were not idle.',
    unit: 'percentunit',
    noValue,
    queries: [{ expression: machines.cpu, legend }],
  })
    .min(0)
    .max(1),
  lines({
    ...place,
    title: 'Memory Consumption',
    description: 'Share of the memory that is not available to new programs; caches count as available.',
    unit: 'percentunit',
    noValue,
    queries: [{ expression: machines.memory, legend }],
  })
    .min(0)
    .max(1),
  lines({
    ...place,
    title: 'Disk Space',
    description: 'Used share of the ten fullest file systems.',
    unit: 'percentunit',
    noValue,
    queries: [{ expression: machines.disk, legend: `${legend} {{mountpoint}}` }],
  })
    .min(0)
    .max(1),
  bothWays({
    ...place,
    title: 'Network Traffic',
    description:
      "Bytes per second through the machine's own network devices: received above the line, sent below.",
    unit: 'binBps',
    noValue,
    queries: [
      { expression: machines.received, legend: `${legend} received` },
      { expression: machines.sent, legend: `${legend} sent` },
    ],
  }),
  bothWays({
    ...place,
    title: 'Disk I/O',
    description: 'Bytes per second: read above the line, written below.',
    unit: 'binBps',
    noValue,
    queries: [
      { expression: machines.read, legend: `${legend} read` },
      { expression: machines.written, legend: `${legend} written` },
    ],
  }),
  lines({
    ...place,
    title: 'Disk Busy',
    description: 'Share of the time in which the busiest disk had something to do.',
    unit: 'percentunit',
    noValue,
    queries: [{ expression: machines.diskBusy, legend }],
  })
    .min(0)
    .max(1),
  lines({
    ...place,
    title: 'Load per Core',
    description: 'Programs that run or want to, per processor, in the mean of a minute; above 1 some wait.',
    unit: 'short',
    noValue,
    queries: [{ expression: machines.load, legend }],
  }).min(0),
  lines({
    ...place,
    title: 'Pressure',
    description: 'Share of the time in which some program waited for a processor, a disk, or memory.',
    unit: 'percentunit',
    noValue: noPressure,
    queries: [
      { expression: machines.cpuPressure, legend: `${legend} CPU` },
      { expression: machines.ioPressure, legend: `${legend} disk` },
      { expression: machines.memoryPressure, legend: `${legend} memory` },
    ],
  }).min(0),
] as const
