// `status` and the page call a source overdue exactly while the alert KopiaBackupOverdue fires. Promtool evaluates the real
// rule over the year's incidents, and the test compares both at the same times.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mostRecentAttempts } from '../../agent/ledger/recent-attempts.ts'
import { type UptimeQuarters, withMoment } from '../../agent/ledger/uptime.ts'
import {
  assumedMarginSeconds,
  learnedMargin,
  overdueMargin,
  overdueSince,
  uptimeMarginSeconds,
} from '../../agent/status/overdue.ts'
import { temporaryFolder } from '../support/folder.ts'
import { readAlerts } from '../support/rules.ts'
import { day, hour, minute, yearBegins } from '../support/year/calendar.ts'
import { activeAlertsIn } from '../support/year/evaluate.ts'
import { incidents } from '../support/year/incidents.ts'
import type { MachineYear } from '../support/year/machine.ts'
import type { SourcePlan } from '../support/year/plan.ts'
import { isIn, samplesOf } from '../support/year/tracks.ts'
import { type EvaluationWindow, evaluationWindows } from '../support/year/windows.ts'
import { seedOfTheYear, simulateYear } from '../support/year/year.ts'

const every = 3 * hour

test('a source is overdue in the status exactly while the alert fires', async (context) => {
  const machineYears = simulateYear(seedOfTheYear)
  const windows = evaluationWindows(machineYears)
    .filter(({ incident }) => incident?.alert === 'KopiaBackupOverdue')
    // The ledger has the last 30 attempts, less than two weeks of an hourly source: status waits longer for it.
    .filter(
      ({ sources: [source] }) => source?.interval.origin === 'policy' || source?.path !== '/office-hours',
    )
    .map((window): EvaluationWindow => ({ ...window, evaluationSeconds: every, counts: 'pending' }))
  assert.ok(windows.length >= 8)
  const alerts = await activeAlertsIn(windows, machineYears, await temporaryFolder(context))
  for (const window of windows) {
    const [source] = window.sources
    assert.ok(source && window.incident)
    const alerting = new Set(alerts.filter((alert) => alert.window === window).map(({ time }) => time))
    const begin = window.incident.from
    const moments = momentsOf(window).filter((time) => time >= begin && !isBlind(time))
    const overdue = moments.filter((time) => isOverdue(window.machineYear, source, time))
    const name = `${source.machine}${source.path}`
    assert.ok(overdue.length > 0, `${name} is never overdue`)
    assert.deepEqual(
      overdue,
      moments.filter((time) => alerting.has(time)),
      name,
    )
  }
})

test('the alert has the figures of the status', async () => {
  const alerts = await readAlerts()
  const exprOf = (machine: string) =>
    alerts
      .filter(({ alert, labels }) => alert === 'KopiaBackupOverdue' && labels?.machine === machine)
      .map(({ expr }) => expr)
      .join()
  const interval = (origin: string) =>
    `last_over_time(kopia_backup_expected_interval_seconds{origin="${origin}"}[15m])`
  const { factor, slackSeconds } = overdueMargin
  const { jitter, looseSeconds, withoutHistory } = learnedMargin
  const figures: readonly string[] = [
    `${factor} * ${interval('policy')} + ${slackSeconds / hour} * 3600`,
    `${factor} * ${interval('learned')} + ${slackSeconds / hour} * 3600`,
    `${jitter.factor} * ${interval('learned')} + ${jitter.slackSeconds / hour} * 3600, ${jitter.mostSeconds / hour} * 3600)`,
    `offset ${(7 * day + looseSeconds) / hour}h`,
    `offset ${(14 * day + looseSeconds) / hour}h`,
    `${withoutHistory.factor} * ${interval('learned')} + ${withoutHistory.slackSeconds / day} * 86400`,
    `> ${assumedMarginSeconds / day} * 86400`,
  ]
  for (const figure of figures) assert.ok(exprOf('always_on').includes(figure), figure)
  assert.ok(
    exprOf('sleeps').includes(
      `${factor} * kopia_backup_expected_interval_seconds + ${slackSeconds / hour} * 3600`,
    ),
  )
  assert.match(exprOf('sleeps'), new RegExp(`> ${uptimeMarginSeconds / hour}\\s*\\)?\\s*$`))
})

/** Without the gateway Prometheus has no metrics to evaluate. */
function isBlind(time: number): boolean {
  return incidents.some((incident) => incident.effect === 'gateway is down' && isIn(incident, time))
}

function momentsOf({ from, until }: EvaluationWindow): readonly number[] {
  return Array.from({ length: Math.floor((until - from) / every) + 1 }, (_, index) => from + index * every)
}

/** The state by what the agent's ledger would contain at this time. */
function isOverdue(machineYear: MachineYear, source: SourcePlan, time: number): boolean {
  const ended = (machineYear.runs.get(source) ?? []).filter(({ endedAt }) => endedAt <= time)
  const successes = ended
    .slice(-mostRecentAttempts)
    .filter(({ isGood }) => isGood)
    .map(({ endedAt }) => endedAt)
  const lastSuccessAt = ended.findLast(({ isGood }) => isGood)?.endedAt ?? yearBegins
  const uptimeQuarters = source.machine === 'laptop' ? uptimeUntil(machineYear, time) : undefined
  return (
    overdueSince({ lastSuccessAt, interval: source.interval, successes, uptimeQuarters }, time) !== undefined
  )
}

/** The machine is up while node-exporter has samples. */
function uptimeUntil({ tracks }: MachineYear, time: number): UptimeQuarters {
  const [steps = []] = [...tracks].filter(([series]) => series.startsWith('node_time')).map(([, own]) => own)
  const samples = samplesOf(steps, { from: yearBegins, until: time }, 5 * minute, { from: 0, until: 0 })
  return samples.reduce<UptimeQuarters>(
    (quarters, sample) => (sample === undefined ? quarters : withMoment(quarters, sample)),
    [],
  )
}
