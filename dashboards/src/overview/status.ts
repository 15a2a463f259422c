// Which sources, and what is wrong with them: the worst first.

import { severityColours } from '../colours.ts'
import { property } from '../panel.ts'
import { table } from '../panels/table.ts'
import { alerts } from '../queries/agents.ts'
import { named, sources } from '../queries/sources.ts'
import { noSource, stateWords } from './words.ts'

const colouredText = { type: 'color-text' }
const coloured = property('custom.cellOptions', { type: 'color-background', mode: 'basic' })
const width = (pixels: number) => property('custom.width', pixels)
const milliseconds = (expression: string) => `1000 * (${expression})`

/** Only this source in all panels, by a click on its name; for that, host and path are there unseen. */
const field = (name: string) => `\${__data.fields.${name}:percentencode}`
const thisOne = `var-host=${field('host')}&var-path=${field('path')}`
const choice = `$__url_time_range&var-datasource=$datasource&\${site:queryparam}&${thisOne}`
const linkToSource = property('links', [
  { title: 'Show only this source', url: `/d/kopia-backup-overview?${choice}` },
])
const unseen = [property('custom.hidden', true)]

const ofSource = {
  labels: { source: 'Source', site: 'Site', host: 'host', path: 'path' },
  hidden: ['account', 'user'],
  labelProperties: { Source: [linkToSource], host: unseen, path: unseen },
} as const

export const latestStatus = table({
  title: 'Latest Backup Status',
  description:
    'Every source, the worst first. Change is how much the newest snapshot is larger than the one ' +
    'before it, where that was made in the time shown.',
  unit: 'short',
  noValue: noSource,
  width: 24,
  height: 10,
  ...ofSource,
  first: ['Status'],
  sortBy: 'Status',
  order: 'descending',
  columns: [
    {
      name: 'Status',
      expression: named(sources.state),
      unit: 'short',
      noValue: '–',
      properties: [property('mappings', [stateWords]), coloured, width(120)],
    },
    {
      name: 'Last success',
      expression: named(milliseconds(sources.lastSuccess)),
      unit: 'dateTimeFromNow',
      noValue: 'never',
    },
    { name: 'Duration', expression: named(sources.duration), unit: 's', noValue: '–' },
    { name: 'Size', expression: named(sources.size), unit: 'bytes', noValue: '–' },
    { name: 'Files', expression: named(sources.files), unit: 'locale', noValue: '–' },
    { name: 'Change', expression: named(sources.sizeChange), unit: 'bytes', noValue: '–' },
    { name: 'Changed files', expression: named(sources.changedFiles), unit: 'locale', noValue: '–' },
    {
      name: 'Next expected',
      expression: named(milliseconds(sources.nextExpected)),
      unit: 'dateTimeFromNow',
      noValue: 'no interval known',
    },
  ],
})

export const overdue = table({
  title: 'Overdue Sources',
  description:
    'Sources that should have succeeded by now, and for how long; the longest first. One is overdue an ' +
    'hour after one and a half times the interval of its policy, or three and a half times the one ' +
    'learned from its past; where no interval is known, after three days.',
  unit: 'short',
  noValue: 'No source is overdue.',
  width: 12,
  height: 6,
  ...ofSource,
  sortBy: 'Overdue for',
  order: 'descending',
  columns: [
    {
      name: 'Overdue for',
      expression: named(sources.overdueSeconds),
      unit: 's',
      noValue: '–',
      properties: [
        property('thresholds', { mode: 'absolute', steps: [{ value: null, color: 'orange' }] }),
        property('custom.cellOptions', colouredText),
      ],
    },
    { name: 'Expected every', expression: named(sources.overdueInterval), unit: 's', noValue: 'not known' },
  ],
})

export const firingAlerts = table({
  title: 'Firing Alerts',
  description: 'What Prometheus alerts about now; what to do about each stands in rules/runbooks.md.',
  unit: 'short',
  noValue: 'No alert is firing. (Are the rules loaded? Prometheus shows them under /rules.)',
  width: 12,
  height: 6,
  labels: {
    alertname: 'Alert',
    severity: 'Severity',
    site: 'Site',
    host: 'Host',
    path: 'Path',
    instance: 'Instance',
  },
  hidden: [],
  labelProperties: {
    Severity: [property('mappings', [severityColours]), property('custom.cellOptions', colouredText)],
  },
  sortBy: 'Severity',
  order: 'ascending',
  columns: [
    {
      name: 'Since',
      expression: milliseconds(alerts.firingSince),
      unit: 'dateTimeFromNow',
      noValue: '–',
    },
  ],
})
