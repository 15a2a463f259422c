// The repository: its growth, its free space, verification and maintenance.

import { property } from '../panel.ts'
import { dashed, lines, steps } from '../panels/lines.ts'
import { table } from '../panels/table.ts'
import { proofs } from '../queries/proofs.ts'
import { repositories } from '../queries/repository.ts'
import { noAgent, resultMapping } from './mappings.ts'

const legend = '{{storage}} {{repository}} {{site}}'
const notYet =
  'No data yet: the agent queries the size of the repository at its start and every six hours ' +
  '(KOPIA_METRICS_REPOSITORY_SCHEDULE).'
const noCapacity =
  'No data yet, or the storage does not report it: Kopia knows the free space of file systems, but not ' +
  'of object stores such as S3.'

export const growth = steps({
  title: 'Repository Size Growth',
  description: 'The size of each repository, and the size of the contents in its index.',
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
    "The free space on the repository's volume, and (dashed) the free space in 30 days at the rate of the " +
    'displayed time. The prediction needs data for half of that time.',
  unit: 'bytes',
  noValue: noCapacity,
  width: 12,
  height: 8,
  queries: [
    { expression: repositories.available, legend: `free, ${legend}` },
    { expression: repositories.predicted, legend: `in 30 days, ${legend}` },
  ],
}).overrideByRegexp('^in 30 days.*', [dashed])

export const provedReadable = steps({
  title: 'Proved Readable',
  description:
    'The time since a verification last proved that the newest snapshot can be read back, for the ten sources with the ' +
    'oldest proof, and (dashed, right axis) the bytes of files that the last verification of each selected source read.',
  unit: 's',
  noValue:
    'Nothing is verified: set KOPIA_METRICS_VERIFY_SCHEDULE, or run kopia-metrics-agent verify where backups run.',
  width: 24,
  height: 8,
  queries: [
    { expression: proofs.oldestAges, legend: '{{user}}@{{host}}:{{path}} {{site}}' },
    { expression: proofs.readBytes, legend: 'bytes read' },
  ],
}).overrideByName('bytes read', [
  dashed,
  property('unit', 'bytes'),
  property('custom.axisPlacement', 'right'),
])

export const verifyAndMaintenance = table({
  title: 'Verify and Maintenance',
  description:
    'The result of the last run of each Kopia command, its last success, and when maintenance is due. ' +
    'Only a verified backup is known to be readable.',
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
        property('mappings', [resultMapping]),
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
