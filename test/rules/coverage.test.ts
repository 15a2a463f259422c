// Every alert has the promtool cases that make it one to trust; that they hold, `npm run check` has promtool find out.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { durationSeconds, readAlerts, readRules, readTestFiles, rulesFolder } from '../support/rules.ts'

const alerts = await readAlerts()
const names = [...new Set(alerts.map(({ alert }) => alert))]

/** One group of promtool's, as one alert sees it. Times in seconds. */
type Timeline = {
  readonly evaluationSeconds: number
  readonly series: readonly { readonly labels: string; readonly hasGap: boolean }[]
  readonly moments: readonly Moment[]
}
type Moment = { readonly at: number; readonly firing: readonly Readonly<Record<string, string>>[] }

async function timelinesOf(alert: string): Promise<readonly Timeline[]> {
  const files = await readTestFiles()
  return files.flatMap((file) =>
    file.tests.map((group) => ({
      evaluationSeconds: durationSeconds(file.evaluation_interval),
      series: group.input_series.map(({ series, values }) => ({
        labels: series.slice(series.indexOf('{')),
        hasGap: /\d (_|stale)/.test(values),
      })),
      moments: (group.alert_rule_test ?? [])
        .filter(({ alertname }) => alertname === alert)
        .map(({ eval_time, exp_alerts }) => ({
          at: durationSeconds(eval_time),
          firing: exp_alerts.map(({ exp_labels }) => exp_labels),
        }))
        .sort((one, other) => one.at - other.at),
    })),
  )
}

const isFiring = ({ firing }: Moment) => firing.length > 0

/** It fires, and one evaluation before it did not: the threshold is held from both sides. */
function pinsItsMoment({ moments, evaluationSeconds }: Timeline): boolean {
  return moments.some((moment, index) => {
    const before = moments[index - 1]
    return (
      before !== undefined &&
      isFiring(moment) &&
      !isFiring(before) &&
      moment.at - before.at === evaluationSeconds
    )
  })
}

function clears({ moments }: Timeline): boolean {
  return moments.some(
    (moment, index) => isFiring(moment) && moments.slice(index + 1).some((later) => !isFiring(later)),
  )
}

function survivesGap({ moments, series }: Timeline): boolean {
  return series.some(({ hasGap }) => hasGap) && moments.some(isFiring)
}

/** A source, machine or group of the input that never fires. */
function sparesNeighbour({ moments, series }: Timeline): boolean {
  const identities = new Set(series.map(({ labels }) => identityOf(labels)))
  const fired = new Set(moments.flatMap(({ firing }) => firing.map((labels) => identityOf(textOf(labels)))))
  return fired.size > 0 && [...identities].some((identity) => !fired.has(identity))
}

const textOf = (labels: Readonly<Record<string, string>>) =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join()

function identityOf(labels: string): string {
  return ['instance', 'host', 'path']
    .map((name) => new RegExp(`\\b${name}="([^"]*)"`).exec(labels)?.[1] ?? '')
    .join()
}

/** What can't be asked of an alert on nothing in particular. */
const exempt: Readonly<Record<string, readonly string[]>> = {
  Watchdog: ['pins its moment', 'clears', 'survives a gap', 'spares its neighbour'],
  // It is the alert on a gap: that a short one is none, its own test says.
  KopiaMetricsMissing: ['survives a gap', 'spares its neighbour'],
}

const cases: readonly (readonly [string, (timeline: Timeline) => boolean])[] = [
  ['fires', ({ moments }) => moments.some(isFiring)],
  ['pins its moment', pinsItsMoment],
  ['clears', clears],
  ['survives a gap', survivesGap],
  ['spares its neighbour', sparesNeighbour],
]

for (const alert of names) {
  test(`${alert} has its cases in rules/test`, async () => {
    const timelines = await timelinesOf(alert)
    const missing = cases.filter(([, holds]) => !timelines.some(holds)).map(([name]) => name)
    assert.deepEqual(missing, exempt[alert] ? missing.filter((name) => exempt[alert]?.includes(name)) : [])
  })
}

test('each recorded figure has a value to hold in rules/test', async () => {
  const groups = (await readTestFiles()).flatMap(({ tests }) => tests)
  const asked = groups
    .flatMap(({ promql_expr_test = [] }) => promql_expr_test)
    .filter(({ exp_samples = [] }) => exp_samples.length > 0)
  const records = (await readRules('kopia_recording.yml')).flatMap(({ record = [] }) => record)
  assert.ok(records.length > 0)
  assert.deepEqual(
    records.filter((record) => !asked.some(({ expr }) => expr.includes(record))),
    [],
  )
})

test('each alert says what, how bad, and where the runbook is', async () => {
  const runbooks = await readFile(join(rulesFolder, 'runbooks.md'), 'utf8')
  const headings = [...runbooks.matchAll(/^## (\w+)$/gm)].map(([, name]) => name)
  assert.deepEqual(headings.toSorted(), names.toSorted())
  for (const { alert, labels, annotations } of alerts) {
    assert.match(labels?.severity ?? '', alert === 'Watchdog' ? /^none$/ : /^(critical|warning)$/, alert)
    assert.ok(annotations?.summary && annotations.description, alert)
    // The first alert is older than the runbooks, and users have it as it is.
    if (alert === 'KopiaBackupFailed') continue
    assert.ok(annotations.runbook_url?.endsWith(`#${alert.toLowerCase()}`), alert)
    if (alert !== 'Watchdog') assert.match(annotations.description, /[Ff]irst /, alert)
  }
  for (const section of runbooks.split(/^## /m).slice(1)) {
    for (const part of ['**Means**', '**Confirm**', '**Fix**', '**Silence**']) {
      assert.ok(section.includes(part), `${section.split('\n')[0]} lacks ${part}`)
    }
  }
})

test('KopiaBackupFailed is what it was', () => {
  const failed = alerts.find(({ alert }) => alert === 'KopiaBackupFailed')
  assert.deepEqual(
    [failed?.expr, failed?.for, failed?.labels, failed?.annotations?.summary],
    ['kopia_backup_status == 0', '5m', { severity: 'critical' }, 'Backup operation failed'],
  )
})

test('nothing is used that only one of Prometheus, Mimir and Thanos has', async () => {
  const known = ['alert', 'annotations', 'expr', 'for', 'labels', 'record']
  for (const fileName of ['kopia_alerts.yml', 'kopia_recording.yml']) {
    const file: { groups: { rules: object[] }[] } = parse(await readFile(join(rulesFolder, fileName), 'utf8'))
    for (const group of file.groups) {
      assert.deepEqual(
        Object.keys(group).filter((key) => !['interval', 'name', 'rules'].includes(key)),
        [],
      )
      for (const rule of group.rules)
        assert.deepEqual(
          Object.keys(rule).filter((key) => !known.includes(key)),
          [],
        )
    }
  }
})
