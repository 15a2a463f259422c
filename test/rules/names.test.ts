// Checks every metric and label name in rules and dashboards against the real metrics. An alert or a panel on a metric that
// does not exist would never show anything.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { cleanUpAfter } from '../support/cleanup.ts'
import { knownMetrics, labelsOfGroup } from '../support/known-metrics.ts'
import { namesIn, wrongNames } from '../support/promql.ts'
import { readAlerts, rulesFolder } from '../support/rules.ts'
import { startNodeExporter, startPushgateway } from '../support/stack.ts'
import { projectFolder, tool } from '../support/tools.ts'

test('rules and dashboards name only metrics and labels that exist', async (context) => {
  const [gateway, nodeExporter] = await Promise.all([startPushgateway(), startNodeExporter()])
  for (const service of [gateway, nodeExporter]) cleanUpAfter(context, () => service.stop())
  const known = await knownMetrics(gateway, nodeExporter)
  const rules = await readAlerts()
  const ofDashboards = await dashboardExpressions()
  assert.ok(rules.length > 20 && ofDashboards.length > 20)
  const expressions = [...rules.map(({ alert, expr }) => [alert, expr] as const), ...ofDashboards]
  for (const [name, expression] of expressions) {
    assert.deepEqual(wrongNames(expression, known, labelsOfGroup), [], `${name}: ${expression}`)
  }
})

/** The expressions of all panels, with Grafana's variables replaced so that they are valid PromQL. */
async function dashboardExpressions(): Promise<readonly (readonly [string, string])[]> {
  const folder = join(projectFolder, 'dashboards')
  const files = (await readdir(folder)).filter((name) => name.endsWith('.json'))
  const found = await Promise.all(
    files.map(async (name) => {
      const dashboard: unknown = JSON.parse(await readFile(join(folder, name), 'utf8'))
      return expressionsIn(dashboard).map((expression) => [name, withoutVariables(expression)] as const)
    }),
  )
  return found.flat()
}

function expressionsIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'expr' && typeof inner === 'string' ? [inner] : expressionsIn(inner),
  )
}

function withoutVariables(expression: string): string {
  return expression
    .replaceAll('$__range_s', '300')
    .replaceAll(/\$__(range|interval|rate_interval)\b/g, '5m')
    .replaceAll(/\$\{?\w+(:\w+)?\}?/g, 'x')
}

test("annotations use only labels of the alert's metrics", async (context) => {
  const [gateway, nodeExporter] = await Promise.all([startPushgateway(), startNodeExporter()])
  for (const service of [gateway, nodeExporter]) cleanUpAfter(context, () => service.stop())
  const known = await knownMetrics(gateway, nodeExporter)
  for (const { alert, expr, annotations = {}, labels = {} } of await readAlerts()) {
    const { selections, made } = namesIn(expr)
    const has = new Set([
      ...selections.flatMap(({ metric }) => [...(known.get(metric) ?? [])]),
      ...made,
      ...labelsOfGroup,
    ])
    const used = [...Object.values(annotations), ...Object.values(labels)].flatMap((text) =>
      [...text.matchAll(/\$labels\.(\w+)/g)].map(([, label = '']) => label),
    )
    assert.deepEqual(
      used.filter((label) => !has.has(label)),
      [],
      alert,
    )
  }
})

test('the check finds wrong names', () => {
  const known = new Map([['kopia_backup_status', new Set(['path'])]])
  const wrong = (expression: string) => wrongNames(expression, known, ['job'])
  assert.deepEqual(wrong('max by (job, path) (kopia_backup_status{path=~"a|b"}) > 0'), [])
  assert.deepEqual(wrong('kopia_backup_statuss == 0'), ['there is no metric kopia_backup_statuss'])
  assert.deepEqual(wrong('kopia_backup_status{paht="x"}'), ['kopia_backup_status has no label paht'])
  assert.deepEqual(wrong('sum by (hots) (kopia_backup_status)'), ['no metric has the label hots'])
  assert.deepEqual(wrong('{__name__="x"}'), ['there is no metric (without a name)'])
  assert.throws(() => wrong('kopia_backup_status >'), /invalid PromQL/)
})

test("Kopia knows the runbooks' commands and flags", async () => {
  const runbooks = await readFile(join(rulesFolder, 'runbooks.md'), 'utf8')
  // In a sentence, or a line of a block without what follows the command.
  const commands = [...runbooks.matchAll(/`(kopia [^`]*)`|^(?:.* && )?(kopia [^#|>\n]*)/gm)].map(
    ([, inSentence, inBlock = '']) => (inSentence ?? inBlock).trim().split(/\s+/).slice(1),
  )
  assert.ok(commands.length > 20)
  for (const words of commands) {
    const verbs = words.slice(0, words.findIndex((word) => !/^[a-z][a-z-]*$/.test(word)) >>> 0)
    const flags = words.filter((word) => /^--[a-z-]+[a-z](=|$)/.test(word))
    const help = kopiaHelp(verbs)
    assert.equal(help.status, 0, words.join(' '))
    const has = new Set([...help.text.matchAll(/--(?:\[no-\])?([a-z-]+)/g)].map(([, flag]) => flag))
    for (const flag of flags) {
      // The help leaves out a few, but Kopia refuses those that it does not know.
      const isKnown = has.has(flag.slice(2).split('=')[0]) || kopiaHelp([...verbs, flag]).status === 0
      assert.ok(isKnown, `${words.join(' ')}: ${flag}`)
    }
  }
  assert.notEqual(kopiaHelp(['index', 'recover', '--dangerous-command=enabled']).status, 0)
})

function kopiaHelp(words: readonly string[]): { readonly status: number | null; readonly text: string } {
  const { status, stdout, stderr } = spawnSync(tool('kopia'), [...words, '--help'], { encoding: 'utf8' })
  return { status, text: `${stdout}${stderr}` }
}
