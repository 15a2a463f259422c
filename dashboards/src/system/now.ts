// The first row: for each resource, the machine with the highest use.

import { noneIsGood, type Step, valueMapping } from '../colours.ts'
import { stat } from '../panels/stat.ts'
import { machines } from '../queries/machines.ts'

const size = { width: 4, height: 4 } as const
const noValue = 'Scrape node-exporter'

const share = (warning: number, critical: number): readonly Step[] => [
  { from: undefined, colour: 'green' },
  { from: warning, colour: 'orange' },
  { from: critical, colour: 'red' },
]

export const now = [
  stat({
    ...size,
    title: 'Machines Down',
    description: 'Machines whose node-exporter Prometheus cannot scrape.',
    unit: 'short',
    noValue,
    expression: machines.down,
    steps: noneIsGood,
    mappings: [valueMapping([{ value: 0, text: 'None', colour: 'green' }])],
  }),
  stat({
    ...size,
    title: 'Fullest Disk',
    description: 'The used share of the fullest file system.',
    unit: 'percentunit',
    decimals: 0,
    noValue,
    expression: machines.fullestDisk,
    steps: share(0.8, 0.9),
  }),
  stat({
    ...size,
    title: 'Highest CPU Usage',
    description: 'The share of time in which the CPUs of the busiest machine were not idle.',
    unit: 'percentunit',
    decimals: 0,
    noValue,
    expression: machines.highestCpu,
    steps: share(0.8, 0.95),
  }),
  stat({
    ...size,
    title: 'Highest Memory',
    description:
      'The share of memory that is not available to new processes, on the machine with the highest use.',
    unit: 'percentunit',
    decimals: 0,
    noValue,
    expression: machines.highestMemory,
    steps: share(0.85, 0.95),
  }),
  stat({
    ...size,
    title: 'Highest Load per Core',
    description: 'The one-minute load average per core. Above 1, some processes wait for a CPU.',
    unit: 'short',
    decimals: 1,
    noValue,
    expression: machines.highestLoad,
    steps: share(1, 2),
  }),
  stat({
    ...size,
    title: 'Highest I/O Pressure',
    description: 'The share of time in which at least one process waited for a disk.',
    unit: 'percentunit',
    decimals: 0,
    noValue: 'Needs Linux with PSI',
    expression: machines.highestPressure,
    steps: share(0.2, 0.5),
  }),
] as const
