// The dashboard System Resources: the machines' resources, and how backups affect them.

import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { annotation } from './annotations.ts'
import { linkToOthers } from './links.ts'
import { backupsOf } from './queries/sources.ts'
import { select } from './selectors.ts'
import { now } from './system/now.ts'
import { trends } from './system/trends.ts'
import { dataSourceVariable, hidden, visible } from './variables.ts'

const variables = [
  dataSourceVariable(),
  visible({ name: 'site', label: 'Site', query: 'label_values(node_uname_info, site)' }),
  // Kopia's host name is the machine's name up to the first dot, in lower case.
  visible({
    name: 'host',
    label: 'Host',
    query: 'label_values(node_uname_info{site=~"$site"}, nodename)',
  }).regex('/^([^.]+)/'),
  hidden({ name: 'job', label: 'Job', query: 'label_values(node_uname_info, job)' }),
  hidden({
    name: 'instance',
    label: 'Instance',
    query: 'label_values(node_uname_info{site=~"$site", job=~"$job", nodename=~"($host)([.].*)?"}, instance)',
  }),
]

/** The backups of the selected machines. */
const backups = backupsOf((metric) => select(metric, ['site=~"$site"', 'host=~"(?i:$host)"']))

/** The dashboard as plain data. */
export function systemResources(): Dashboard {
  const dashboard = new DashboardBuilder('System Resources')
    .uid('kopia-system-resources')
    .description('CPU, memory, disks and network of the machines. The times of backups are shaded.')
    .tags(['kopia'])
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: 'now-24h', to: 'now' })
    .refresh('1m')
    .variables(variables)
    .annotation(
      annotation({
        name: 'Backups',
        colour: 'blue',
        expression: backups,
        title: 'Backup',
        text: '{{user}}@{{host}}:{{path}} {{site}}',
      }),
    )
    .link(linkToOthers())
  for (const [index, panel] of [...now, ...trends].entries()) dashboard.withPanel(panel.id(index + 1))
  return dashboard.build()
}
