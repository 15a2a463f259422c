// The state of each source, with problems first.

import { severityColours } from '../colours.ts'
import { property } from '../panel.ts'
import { table } from '../panels/table.ts'
import { alerts } from '../queries/agents.ts'
import { proofs } from '../queries/proofs.ts'
import { named, sources } from '../queries/sources.ts'
import { noSource, originMapping, proofMapping, stateMapping } from './mappings.ts'

const colouredText = { type: 'color-text' }
const coloured = property('custom.cellOptions', { type: 'color-background', mode: 'basic' })
const width = (pixels: number) => property('custom.width', pixels)
const milliseconds = (expression: string) => `1000 * (${expression})`

/** The limit of KopiaBackupSizeDropped. */
const shrunkShare = 0.7
const colouredBelow = (limit: number) =>
  property('thresholds', {
    mode: 'absolute',
    steps: [
      { value: null, color: 'red' },
      { value: limit, color: 'text' },
    ],
  })

/** A click on a source selects only this source in all panels. The hidden columns host and path provide the values. */
const field = (name: string) => `\${__data.fields.${name}:percentencode}`
const selectSource = `var-host=${field('host')}&var-path=${field('path')}`
const parameters = `$__url_time_range&var-datasource=$datasource&\${site:queryparam}&${selectSource}`
const linkToSource = property('links', [
  { title: 'Show only this source', url: `/d/kopia-backup-overview?${parameters}` },
])
const hidden = [property('custom.hidden', true)]

const ofSource = {
  labels: { source: 'Source', site: 'Site', host: 'host', path: 'path' },
  hidden: ['account', 'user'],
  labelProperties: { Source: [linkToSource], host: hidden, path: hidden },
} as const

export const latestStatus = table({
  title: 'Latest Backup Status',
  description:
    'All sources, the worst state first. Size / least compares the size with the least of four weeks; below 70 % ' +
    'KopiaBackupSizeDropped fires. Change is the difference in size between the latest snapshot and the one before, ' +
    'if that one was created in the displayed time. A source is overdue if it does not succeed before its deadline. ' +
    'Proved readable is when a verification last read the newest snapshot back.',
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
      properties: [property('mappings', [stateMapping]), coloured, width(120)],
    },
    {
      name: 'Last success',
      expression: named(milliseconds(sources.lastSuccess)),
      unit: 'dateTimeFromNow',
      noValue: 'never',
    },
    { name: 'Duration', expression: named(sources.duration), unit: 's', noValue: '–' },
    { name: 'Size', expression: named(sources.size), unit: 'bytes', noValue: '–' },
    {
      name: 'Size / least',
      expression: named(sources.sizeOfBaseline),
      unit: 'percentunit',
      noValue: '–',
      properties: [
        property('decimals', 0),
        colouredBelow(shrunkShare),
        property('custom.cellOptions', colouredText),
      ],
    },
    { name: 'Files', expression: named(sources.files), unit: 'locale', noValue: '–' },
    { name: 'Change', expression: named(sources.sizeChange), unit: 'bytes', noValue: '–' },
    { name: 'Changed files', expression: named(sources.changedFiles), unit: 'locale', noValue: '–' },
    {
      name: 'Deadline',
      expression: named(milliseconds(sources.deadline)),
      unit: 'dateTimeFromNow',
      noValue: '–',
    },
    {
      name: 'Proved readable',
      expression: named(proofs.provedAt),
      unit: 'dateTimeFromNow',
      noValue: '–',
      properties: [property('mappings', [proofMapping]), property('custom.cellOptions', colouredText)],
    },
  ],
})

export const overdue = table({
  title: 'Overdue Sources',
  description:
    'Sources that did not succeed before their deadline, the earliest deadline first, and where the agent knows the ' +
    'deadline from. These are the sources of KopiaBackupOverdue and KopiaBackupNeverSucceeded.',
  unit: 'short',
  noValue: 'No source is overdue.',
  width: 12,
  height: 6,
  ...ofSource,
  labels: { ...ofSource.labels, origin: 'Deadline from' },
  labelProperties: {
    ...ofSource.labelProperties,
    'Deadline from': [property('mappings', [originMapping])],
  },
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
  description: 'The alerts that fire in Prometheus now. rules/runbooks.md explains how to respond to each.',
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
