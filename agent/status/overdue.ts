// When a source counts as overdue: the one place that says so.

/**
 * The alert KopiaBackupOverdue (rules/kopia_alerts.yml) waits as long, which a test holds: a source is overdue
 * once its last success is older than `factor` times its expected interval and `slackSeconds` more.
 */
export const overdueMargin = { factor: 1.5, slackSeconds: 3600 } as const

/**
 * Unix seconds from which on a source is overdue, if nothing succeeds before. One that never succeeded is measured from
 * when it was first seen.
 */
export function overdueFrom(lastSuccessAt: number, expectedIntervalSeconds: number): number {
  return lastSuccessAt + overdueMargin.factor * expectedIntervalSeconds + overdueMargin.slackSeconds
}
