// The first row: the machine that is worst off, in each respect.

import { noneIsGood, type Step, words } from '../colours.ts'
import { stat } from '../panels/stat.ts'
import { machines } from '../queries/machines.ts'

const place = { width: 4, height: 4 } as const
const noValue = 'Scrape node-exporter'

const share = (warning: number, critical: number): readonly Step[] => [
  { from: undefined, colour: 'green' },
  { from: warning, colour: 'orange' },
  { from: critical, colour: 'red' },
]

export const now = [
  stat({
    ...place,
    title: 'Machines Down',
    description: 'Machines whose node-exporter Prometheus cannot reach.',
    unit: 'short',
    noValue,
    expression: machines.down,
    steps: noneIsGood,
    mappings: [words([{ value: 0, text: 'None', colour: 'green' }])],
  }),
  stat({
    ...place,
    title: 'Fullest Disk',
    description: 'Used share of the fullest file system.',
    unit: 'percentunit',
    decimals: 0,
    noValue,
    expression: machines.fullestDisk,
    steps: share(0.8, 0.9),
  }),
  stat({
    ...place,
    title: 'Highest CPU Usage',
    description: 'Share of the time in which the processors of the busiest machine were not idle.',
    unit: 'percentunit',
    decimals: 0,
    noValue,
    expression: machines.highestCpu,
    steps: share(0.8, 0.95),
  }),
  stat({
    ...place,
    title: 'Highest Memory',
    description:
      'Share of the memory that is not available to new programs, of the machine with the least to spare.',
    unit: 'percentunit',
    decimals: 0,
    noValue,
    expression: machines.highestMemory,
    steps: share(0.85, 0.95),
  }),
  stat({
    ...place,
    title: 'Highest Load per Core',
    description: 'Programs that run or want to, per processor, in the mean of a minute; above 1 some wait.',
    unit: 'short',
    decimals: 1,
    noValue,
    expression: machines.highestLoad,
    steps: share(1, 2),
  }),
  stat({
    ...place,
    title: 'Highest I/O Pressure',
    description: 'Share of the time in which some program waited for a disk.',
    unit: 'percentunit',
    decimals: 0,
    noValue: 'Needs Linux with PSI',
    expression: machines.highestPressure,
    steps: share(0.2, 0.5),
  }),
] as const
