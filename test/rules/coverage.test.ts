// Every alert has all kinds of promtool cases. `npm run check` runs the cases themselves.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { durationSeconds, readAlerts, readRules, readTestFiles, rulesFolder } from '../support/rules.ts'

const alerts = await readAlerts()
const names = [...new Set(alerts.map(({ alert }) => alert))]

/** One promtool test group, reduced to one alert. Times are in seconds. */
type Timeline = {
  readonly evaluationSeconds: number
  readonly series: readonly { readonly labels: string; readonly hasGap: boolean }[]
  readonly evaluations: readonly Evaluation[]
}
type Evaluation = { readonly at: number; readonly firing: readonly Readonly<Record<string, string>>[] }

async function timelinesOf(alert: string): Promise<readonly Timeline[]> {
  const files = await readTestFiles()
  return files.flatMap((file) =>
    file.tests.map((group) => ({
      evaluationSeconds: durationSeconds(file.evaluation_interval),
      series: group.input_series.map(({ series, values }) => ({
        labels: series.slice(series.indexOf('{')),
        hasGap: /\d (_|stale)/.test(values),
      })),
      evaluations: (group.alert_rule_test ?? [])
        .filter(({ alertname }) => alertname === alert)
        .map(({ eval_time, exp_alerts }) => ({
          at: durationSeconds(eval_time),
          firing: exp_alerts.map(({ exp_labels }) => exp_labels),
        }))
        .sort((one, other) => one.at - other.at),
    })),
  )
}

const isFiring = ({ firing }: Evaluation) => firing.length > 0

/** The alert fires, and did not fire one evaluation earlier, so the test checks both sides of the threshold. */
function checksThreshold({ evaluations, evaluationSeconds }: Timeline): boolean {
  return evaluations.some((evaluation, index) => {
    const before = evaluations[index - 1]
    return (
      before !== undefined &&
      isFiring(evaluation) &&
      !isFiring(before) &&
      evaluation.at - before.at === evaluationSeconds
    )
  })
}

function clears({ evaluations }: Timeline): boolean {
  return evaluations.some(
    (evaluation, index) =>
      isFiring(evaluation) && evaluations.slice(index + 1).some((later) => !isFiring(later)),
  )
}

function survivesGap({ evaluations, series }: Timeline): boolean {
  return series.some(({ hasGap }) => hasGap) && evaluations.some(isFiring)
}

/** The input has a source, machine or group whose alert never fires. */
function hasQuietNeighbour({ evaluations, series }: Timeline): boolean {
  const identities = new Set(series.map(({ labels }) => identityOf(labels)))
  const fired = new Set(
    evaluations.flatMap(({ firing }) => firing.map((labels) => identityOf(textOf(labels)))),
  )
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

/** Cases that do not apply to an alert without a source or machine. */
const exempt: Readonly<Record<string, readonly string[]>> = {
  Watchdog: ['checks its threshold', 'clears', 'survives a gap', 'has a quiet neighbour'],
  // This alert is about a gap; its own test covers a gap that is too short.
  KopiaMetricsMissing: ['survives a gap', 'has a quiet neighbour'],
}

const cases: readonly (readonly [string, (timeline: Timeline) => boolean])[] = [
  ['fires', ({ evaluations }) => evaluations.some(isFiring)],
  ['checks its threshold', checksThreshold],
  ['clears', clears],
  ['survives a gap', survivesGap],
  ['has a quiet neighbour', hasQuietNeighbour],
]

for (const alert of names) {
  test(`${alert} has all kinds of cases in rules/test`, async () => {
    const timelines = await timelinesOf(alert)
    const missing = cases.filter(([, holds]) => !timelines.some(holds)).map(([name]) => name)
    assert.deepEqual(missing, exempt[alert] ? missing.filter((name) => exempt[alert]?.includes(name)) : [])
  })
}

test('rules/test checks a value of each recording rule', async () => {
  const groups = (await readTestFiles()).flatMap(({ tests }) => tests)
  const checked = groups
    .flatMap(({ promql_expr_test = [] }) => promql_expr_test)
    .filter(({ exp_samples = [] }) => exp_samples.length > 0)
  const records = (await readRules('kopia_recording.yml')).flatMap(({ record = [] }) => record)
  assert.ok(records.length > 0)
  assert.deepEqual(
    records.filter((record) => !checked.some(({ expr }) => expr.includes(record))),
    [],
  )
})

test('each alert has a severity, a summary, a description with the first step, and a runbook', async () => {
  const runbooks = await readFile(join(rulesFolder, 'runbooks.md'), 'utf8')
  const headings = [...runbooks.matchAll(/^## (\w+)$/gm)].map(([, name]) => name)
  assert.deepEqual(headings.toSorted(), names.toSorted())
  for (const { alert, labels, annotations } of alerts) {
    assert.match(labels?.severity ?? '', alert === 'Watchdog' ? /^none$/ : /^(critical|warning)$/, alert)
    assert.ok(annotations?.summary && annotations.description, alert)
    // KopiaBackupFailed is older than the runbooks and unchanged for its users.
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

test('KopiaBackupFailed is unchanged', () => {
  const failed = alerts.find(({ alert }) => alert === 'KopiaBackupFailed')
  assert.deepEqual(
    [failed?.expr, failed?.for, failed?.labels, failed?.annotations?.summary],
    ['kopia_backup_status == 0', '5m', { severity: 'critical' }, 'Backup operation failed'],
  )
})

test('the rules use only fields that Prometheus, Mimir and Thanos all support', async () => {
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
