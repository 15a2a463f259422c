// The repository: how it grows, when it will be full, and whether it is looked after.

import { property } from '../panel.ts'
import { lines, steps } from '../panels/lines.ts'
import { table } from '../panels/table.ts'
import { repositories } from '../queries/repository.ts'
import { noAgent, resultWords } from './words.ts'

const legend = '{{storage}} {{repository}} {{site}}'
const notYet =
  'Nothing yet: the agent asks the repository for its size every six hours ' +
  '(KOPIA_METRICS_REPOSITORY_SCHEDULE), first at its start.'
const noCapacity =
  'Nothing yet, or the storage cannot tell: Kopia knows the free space of file systems, not of S3 and ' +
  'the like.'

export const growth = steps({
  title: 'Repository Size Growth',
  description: 'Bytes that each repository stores, and how much of that its index knows as contents.',
  unit: 'bytes',
  noValue: notYet,
  width: 12,
  height: 8,
  queries: [
    { expression: repositories.size, legend: `stored, ${legend}` },
    { expression: repositories.contents, legend: `contents, ${legend}` },
  ],
})

export const freeSpace = lines({
  title: 'Free Space and Prediction',
  description:
    "Free on the repository's volume, and what will be free 30 days from now if it goes on as in the " +
    'time shown (dashed), once half of that time is known.',
  unit: 'bytes',
  noValue: noCapacity,
  width: 12,
  height: 8,
  queries: [
    { expression: repositories.available, legend: `free, ${legend}` },
    { expression: repositories.predicted, legend: `in 30 days, ${legend}` },
  ],
}).overrideByRegexp('^in 30 days.*', [property('custom.lineStyle', { fill: 'dash', dash: [8, 8] })])

export const upkeep = table({
  title: 'Verify and Maintenance',
  description:
    'How the last run of each of Kopia’s commands went as a whole, when it last succeeded, and when ' +
    'maintenance is due. A backup that was never verified is a hope.',
  unit: 'short',
  noValue: noAgent,
  width: 12,
  height: 8,
  labels: { task: 'Task', site: 'Site', instance: 'Machine' },
  hidden: [],
  sortBy: 'Result',
  order: 'ascending',
  first: ['Result'],
  columns: [
    {
      name: 'Result',
      expression: repositories.taskResult,
      unit: 'short',
      noValue: '–',
      properties: [
        property('mappings', [resultWords]),
        property('custom.cellOptions', { type: 'color-background', mode: 'basic' }),
        property('custom.width', 110),
      ],
    },
    {
      name: 'Last success',
      expression: `1000 * (${repositories.taskSuccess})`,
      unit: 'dateTimeFromNow',
      noValue: 'never',
    },
    {
      name: 'Next due',
      expression: `1000 * ${repositories.taskDue}`,
      unit: 'dateTimeFromNow',
      noValue: '–',
    },
  ],
})
