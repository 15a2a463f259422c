// From one of the dashboards to the other, with what is chosen.

import { DashboardLinkBuilder, DashboardLinkType } from '@grafana/grafana-foundation-sdk/dashboard'

export function linkToOthers(): DashboardLinkBuilder {
  return new DashboardLinkBuilder('Kopia').type(DashboardLinkType.Dashboards).tags(['kopia']).keepTime(true)
}
