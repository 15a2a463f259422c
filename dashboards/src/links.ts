// Links between the dashboards, which keep the selected time range.

import { DashboardLinkBuilder, DashboardLinkType } from '@grafana/grafana-foundation-sdk/dashboard'

export function linkToOthers(): DashboardLinkBuilder {
  return new DashboardLinkBuilder('Kopia').type(DashboardLinkType.Dashboards).tags(['kopia']).keepTime(true)
}
