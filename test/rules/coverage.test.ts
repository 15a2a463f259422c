// Every alert has all kinds of promtool cases. `npm run check` runs the cases themselves.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { lookbacksIn } from '../support/promql.ts'
import { alertsFile, durationSeconds, readAlerts, readTestFiles, rulesFolder } from '../support/rules.ts'

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

test('the alerts stay short: the file, and each expression', async () => {
  const lines = (await readFile(alertsFile, 'utf8')).trimEnd().split('\n')
  // 24 alerts of ten lines, a second rule for two of them, and comments that say why.
  assert.ok(lines.length <= 325, `kopia_alerts.yml has ${lines.length} lines`)
  const long = alerts.filter(({ expr }) => expr.trimEnd().split('\n').length > 3)
  assert.deepEqual(
    long.map(({ alert }) => alert),
    [],
  )
})

/** The alerts that look back further than a day, each for figures that exist once per machine. */
const hoursOfHistory: Readonly<Record<string, number>> = {
  // Prometheus's own data: the rate at which the storage fills up.
  KopiaRepositoryFillingUp: 7 * 24,
  // Counters that daily backups increase now a little earlier, now later.
  // The deadline of an agent whose metrics no gateway keeps, every six hours.
  KopiaAgentSilent: 7 * 24,
  KopiaLogsElsewhere: 26,
  KopiaRunsUnattributed: 26,
}

test('the alerts need at most a day of history', () => {
  for (const { alert, expr } of alerts) {
    for (const { metric, seconds } of lookbacksIn(expr)) {
      const hours = seconds / 3600
      assert.ok(hours <= (hoursOfHistory[alert] ?? 24), `${alert} looks back ${hours} hours on ${metric}`)
    }
  }
})

test('the history that an expression needs is found', () => {
  const hours = (expression: string) => lookbacksIn(expression).map(({ seconds }) => seconds / 3600)
  assert.deepEqual(hours('a > 1'), [0])
  assert.deepEqual(hours('max_over_time(a{b="c"}[2h] offset 22h) / b'), [24, 0])
  assert.deepEqual(
    hours('deriv((a / (b > 0))[1d:30m] offset 1h) unless last_over_time(c[15m])'),
    [25, 25, 0.25],
  )
  assert.deepEqual(hours('max_over_time(min_over_time(a[1h])[2h:1h])'), [3])
})

test('each alert has a severity, a summary, a description with the first step, and a runbook', async () => {
  const runbooks = await readFile(join(rulesFolder, 'runbooks.md'), 'utf8')
  const headings = [...runbooks.matchAll(/^## (\w+)$/gm)].map(([, name]) => name)
  assert.deepEqual(headings.toSorted(), names.toSorted())
  for (const { alert, labels, annotations } of alerts) {
    assert.match(labels?.severity ?? '', alert === 'Watchdog' ? /^none$/ : /^(critical|warning)$/, alert)
    assert.ok(annotations?.summary && annotations.description, alert)
    assert.ok(annotations.runbook_url?.endsWith(`#${alert.toLowerCase()}`), alert)
    // KopiaBackupFailed is older than this form and unchanged for its users.
    if (!['KopiaBackupFailed', 'Watchdog'].includes(alert))
      assert.match(annotations.description, /[Ff]irst /, alert)
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
    [
      failed?.expr,
      failed?.for,
      failed?.labels,
      failed?.annotations?.summary,
      failed?.annotations?.description,
    ],
    [
      'kopia_backup_status == 0',
      '5m',
      { severity: 'critical' },
      'Backup operation failed',
      "The last backup of {{ $labels.user }}@{{ $labels.host }}:{{ $labels.path }} did not succeed. Read Kopia's log there, then run the backup again.",
    ],
  )
})

test('the rules use only fields that Prometheus, Mimir and Thanos all support', async () => {
  const ofRules = ['alert', 'annotations', 'expr', 'for', 'labels']
  const file: { groups: { rules: object[] }[] } = parse(await readFile(alertsFile, 'utf8'))
  const unknown = (object: object, known: readonly string[]) =>
    Object.keys(object).filter((key) => !known.includes(key))
  for (const group of file.groups) {
    assert.deepEqual(unknown(group, ['interval', 'name', 'rules']), [])
    for (const rule of group.rules) assert.deepEqual(unknown(rule, ofRules), [])
  }
})
