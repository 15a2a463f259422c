// The history of the backups.

import { snapshotTypes } from '../../../agent/ledger/snapshot-summary.ts'
import { property } from '../panel.ts'
import { bars } from '../panels/bars.ts'
import { dashed, steps } from '../panels/lines.ts'
import { timeline } from '../panels/timeline.ts'
import { sources } from '../queries/sources.ts'
import { noSource, stateMapping } from './mappings.ts'

const legend = '{{user}}@{{host}}:{{path}} {{site}}'

export const attempts = timeline({
  title: 'Attempts by Result',
  description:
    'The state of each source over time: the result of its last attempt, running and stuck backups, and overdue ' +
    'times.',
  unit: 'short',
  noValue: noSource,
  width: 24,
  height: 8,
  queries: [{ expression: sources.state, legend }],
  mappings: [stateMapping],
})

export const durations = steps({
  title: 'Backup Duration Trend',
  description:
    'The duration of the last attempt, for the ten sources with the longest in the displayed time.',
  unit: 's',
  noValue: noSource,
  width: 12,
  height: 8,
  queries: [{ expression: sources.longestDurations, legend }],
})

/** Each snapshot counts again in `all`. */
const shownTypes = snapshotTypes.filter((type) => type !== 'all')

export const snapshots = bars({
  title: 'Snapshots by Retention Type',
  description:
    'Snapshots by the reason for which Kopia retains them. A snapshot with two reasons counts in both.',
  unit: 'short',
  noValue: noSource,
  width: 8,
  height: 8,
  queries: shownTypes.map((type) => ({ expression: sources.snapshots(type), legend: type })),
})

export const changedFiles = steps({
  title: 'Changed Files',
  description:
    'Files with new contents in the latest snapshot, for the ten sources with the most. Dashed: the number above ' +
    'which KopiaBackupMassChange fires, if at most three of the selected sources have such a limit. A number above ' +
    'it can mean an accident or ransomware.',
  unit: 'short',
  noValue: 'No file changed between two backups in this time.',
  width: 8,
  height: 8,
  queries: [
    { expression: sources.mostChangedFiles, legend },
    { expression: sources.changedFilesLimit, legend: `limit, ${legend}` },
  ],
}).overrideByRegexp('^limit, .*', [dashed])

export const errors = steps({
  title: 'Errors',
  description:
    'Files that the last attempt could not read, for the ten sources with the most. Fatal errors make the ' +
    'backup fail; the policy allows ignored errors.',
  unit: 'short',
  noValue: 'All backups in this time could read all files.',
  width: 8,
  height: 8,
  queries: [{ expression: sources.mostErrors, legend: `{{kind}} ${legend}` }],
}).overrideByRegexp('^fatal .*', [
  property('custom.lineStyle', { fill: 'solid' }),
  property('custom.lineWidth', 3),
])
