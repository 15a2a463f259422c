// How the backups went over time.

import { property } from '../panel.ts'
import { bars } from '../panels/bars.ts'
import { steps } from '../panels/lines.ts'
import { timeline } from '../panels/timeline.ts'
import { sources } from '../queries/sources.ts'
import { noSource, stateWords } from './words.ts'

const legend = '{{user}}@{{host}}:{{path}} {{site}}'

export const attempts = timeline({
  title: 'Attempts by Result',
  description:
    'How each source stood at each moment: what its last attempt came to, whether one ran, whether it ' +
    'was overdue.',
  unit: 'short',
  noValue: noSource,
  width: 24,
  height: 8,
  queries: [{ expression: sources.state, legend }],
  mappings: [stateWords],
})

export const durations = steps({
  title: 'Backup Duration Trend',
  description: 'How long the last attempt took, for the ten sources that took longest in the time shown.',
  unit: 's',
  noValue: noSource,
  width: 12,
  height: 8,
  queries: [{ expression: sources.longestDurations, legend }],
})

const snapshotTypes = [
  'latest',
  'hourly',
  'daily',
  'weekly',
  'monthly',
  'annual',
  'pinned',
  'incomplete',
] as const

export const snapshots = bars({
  title: 'Snapshots by Retention Type',
  description: 'Snapshots held, by the reason why they are; one that is held for two reasons counts in both.',
  unit: 'short',
  noValue: noSource,
  width: 8,
  height: 8,
  queries: snapshotTypes.map((type) => ({ expression: sources.snapshots(type), legend: type })),
})

export const changedFiles = steps({
  title: 'Changed Files',
  description:
    'Files of the newest snapshot whose contents were new, for the ten sources with the most. Far more ' +
    'than usual can mean an accident, or somebody encrypting files.',
  unit: 'short',
  noValue: 'No file has changed from one backup to the next in this time.',
  width: 8,
  height: 8,
  queries: [{ expression: sources.mostChangedFiles, legend }],
})

export const errors = steps({
  title: 'Errors',
  description:
    'Files that the last attempt could not read, for the ten sources with the most: fatal ones make the ' +
    'backup a failed one, ignored ones are those that the policy allows.',
  unit: 'short',
  noValue: 'No backup in this time met a file that it could not read.',
  width: 8,
  height: 8,
  queries: [{ expression: sources.mostErrors, legend: `{{kind}} ${legend}` }],
}).overrideByRegexp('^fatal .*', [
  property('custom.lineStyle', { fill: 'solid' }),
  property('custom.lineWidth', 3),
])
