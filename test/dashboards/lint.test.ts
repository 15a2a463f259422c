// The dashboards follow the linter's rules, and each rule finds a broken dashboard.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Dashboard,
  type Panel,
  readDashboards,
  type Target,
  type Variable,
} from '../support/dashboards/model.ts'
import { lint, rules } from '../support/dashboards/rules.ts'

const dashboards = await readDashboards()

for (const [name, dashboard] of dashboards) {
  for (const rule of rules) {
    test(`${name} follows ${rule.name}`, () => {
      const faults = rule
        .check(dashboard)
        .map(({ panel = 'the dashboard', message }) => `${panel}: ${message}`)
      assert.deepEqual(faults, [])
    })
  }
}

const [good] = dashboards.values()
assert.ok(good)

function withPanel(change: Partial<Panel>): Dashboard {
  const [first, ...others] = good?.panels ?? []
  assert.ok(good && first)
  return { ...good, panels: [{ ...first, ...change }, ...others] }
}

function withTarget(change: Partial<Target>): Dashboard {
  const target = good?.panels[0]?.targets[0]
  assert.ok(target)
  return withPanel({ targets: [{ ...target, ...change }] })
}

function withVariable(name: string, change: Partial<Variable>): Dashboard {
  assert.ok(good)
  const list = good.templating.list.map((variable) =>
    variable.name === name ? { ...variable, ...change } : variable,
  )
  return { ...good, templating: { list } }
}

const selected = 'job=~"$job", host=~"$host", path=~"$path"'
const firstPanel = good.panels[0]
assert.ok(firstPanel)

/** Dashboards that break a rule, and the expected message. */
const broken: readonly (readonly [rule: string, dashboard: Dashboard, message: RegExp])[] = [
  ['template-datasource-rule', withVariable('datasource', { name: 'ds' }), /name is ds/],
  ['template-job-rule', withVariable('job', { multi: false }), /several values/],
  ['template-instance-rule', withVariable('instance', { name: 'other' }), /no variable instance/],
  ['template-host-rule', withVariable('host', { includeAll: false }), /"All"/],
  [
    'template-label-promql-rule',
    withVariable('host', { query: 'label_values(up{, host)' }),
    /not a selector/,
  ],
  ['template-on-time-change-reload-rule', withVariable('path', { refresh: 1 }), /does not depend/],
  ['panel-datasource-rule', withPanel({ datasource: { uid: 'abc' } }), /does not use/],
  ['panel-title-description-rule', withPanel({ description: '' }), /no description/],
  [
    'panel-units-rule',
    withPanel({ fieldConfig: { ...firstPanel.fieldConfig, defaults: { noValue: 'x', unit: 'parsecs' } } }),
    /parsecs/,
  ],
  ['panel-no-targets-rule', withPanel({ targets: [] }), /no query/],
  [
    'panel-no-value-rule',
    withPanel({ fieldConfig: { ...firstPanel.fieldConfig, defaults: { unit: 's' } } }),
    /no text/,
  ],
  ['panel-place-rule', withPanel({ gridPos: { x: 20, y: 0, w: 8, h: 4 } }), /right edge/],
  ['uneditable-dashboard-rule', { ...good, editable: true }, /can be edited/],
  ['target-promql-rule', withTarget({ expr: `sum(kopia_backup_status{${selected}}` }), /invalid PromQL/],
  ['target-rate-interval-rule', withTarget({ expr: 'rate(node_disk_read_bytes_total[5m])' }), /uses 5m/],
  ['target-range-rule', withTarget({ expr: 'max_over_time(kopia_backup_status[1d])' }), /over 1d/],
  ['target-job-rule', withTarget({ expr: 'kopia_backup_status{job="kopia"}' }), /selected job/],
  ['target-instance-rule', withTarget({ expr: 'kopia_backup_status{host=~"$host"}' }), /neither/],
  ['target-counter-agg-rule', withTarget({ expr: 'sum(kopia_backup_attempts_total)' }), /is a counter/],
]

for (const [rule, dashboard, message] of broken) {
  test(`${rule} finds ${message}`, () => {
    const found = lint(dashboard).filter((finding) => finding.rule === rule)
    assert.ok(
      found.some((finding) => message.test(finding.message) && finding.panel !== ''),
      JSON.stringify(found),
    )
  })
}

test('each rule has a broken dashboard', () => {
  const tested = new Set(broken.map(([rule]) => rule))
  assert.deepEqual(
    rules.map(({ name }) => name).filter((name) => !tested.has(name)),
    [],
  )
})
