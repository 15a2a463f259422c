// What the demo asks Prometheus about alerts.

import { activeAlerts } from '../test/support/prometheus.ts'

/** Whether the alert fires for the source with this path. */
export async function isFiring(prometheusUrl: string, alert: string, source: string): Promise<boolean> {
  const alerts = await activeAlerts(prometheusUrl)
  return alerts.some(({ name, path, state }) => name === alert && path === source && state === 'firing')
}
