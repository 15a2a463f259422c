// The dashboard Backup Overview: the state of all backups, the sources with problems, and their history.

import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { annotation } from './annotations.ts'
import { linkToOthers } from './links.ts'
import { agentHealth } from './overview/agents.ts'
import { attempts, changedFiles, durations, errors, snapshots } from './overview/history.ts'
import { freeSpace, growth, provedReadable, verifyAndMaintenance } from './overview/repository.ts'
import { firingAlerts, latestStatus, overdue } from './overview/status.ts'
import { summary } from './overview/summary.ts'
import { alerts } from './queries/agents.ts'
import { sources } from './queries/sources.ts'
import { dataSourceVariable, hidden, visible } from './variables.ts'

const firstSeen = 'kopia_backup_first_seen_timestamp_seconds'
/** The agent's series also exists on machines without sources. */
const firstSeenOrAgent = '__name__=~"kopia_backup_first_seen_timestamp_seconds|kopia_agent_build_info"'

const variables = [
  dataSourceVariable(),
  visible({ name: 'site', label: 'Site', query: 'label_values(kopia_agent_build_info, site)' }),
  visible({ name: 'host', label: 'Host', query: `label_values(${firstSeen}{site=~"$site"}, host)` }),
  visible({
    name: 'path',
    label: 'Path',
    query: `label_values(${firstSeen}{site=~"$site", host=~"$host"}, path)`,
  }),
  hidden({ name: 'job', label: 'Job', query: 'label_values(kopia_agent_build_info, job)' }),
  hidden({
    name: 'instance',
    label: 'Instance',
    query: `label_values({${firstSeenOrAgent}, site=~"$site", job=~"$job", host=~"$host", path=~"$path"}, instance)`,
  }),
]

const panels = [
  ...summary,
  latestStatus,
  overdue,
  firingAlerts,
  attempts,
  durations,
  growth,
  snapshots,
  changedFiles,
  errors,
  freeSpace,
  verifyAndMaintenance,
  provedReadable,
  agentHealth,
]

/** The dashboard as plain data. */
export function backupOverview(): Dashboard {
  const dashboard = new DashboardBuilder('Backup Overview')
    .uid('kopia-backup-overview')
    .description('The state of all Kopia backups, and the sources that need attention.')
    .tags(['kopia'])
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: 'now-7d', to: 'now' })
    .refresh('1m')
    .variables(variables)
    .annotation(
      annotation({
        name: 'Alerts',
        colour: 'red',
        expression: alerts.firing,
        title: '{{alertname}}',
        text: '{{host}} {{path}} {{site}}',
      }),
    )
    .annotation(
      annotation({
        name: 'Backups',
        colour: 'blue',
        expression: sources.backups,
        title: 'Backup',
        text: '{{user}}@{{host}}:{{path}} {{site}}',
      }),
    )
    .link(linkToOthers())
  for (const [index, panel] of panels.entries()) dashboard.withPanel(panel.id(index + 1))
  return dashboard.build()
}
