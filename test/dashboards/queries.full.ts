// Runs every query of every panel and annotation on real data, in the way Grafana does.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { results } from '../../dashboards/src/queries/repository.ts'
import { states } from '../../dashboards/src/queries/sources.ts'
import { pageOf, queryDashboard } from '../../tools/draw/page.ts'
import { figures, queriesSince } from '../support/dashboards/figures.ts'
import type { Choices } from '../support/dashboards/interpolate.ts'
import { type Panel, readDashboards } from '../support/dashboards/model.ts'
import {
  choicesOf,
  type Line,
  type PrometheusQueries,
  queryAnnotation,
  runTarget,
  type Selection,
} from '../support/dashboards/prometheus-queries.ts'
import {
  addedBytes,
  makeOverdue,
  makePastOfTroubled,
  runScenario,
  type Scenario,
  startScenario,
} from '../support/dashboards/scenario.ts'
import { query } from '../support/prometheus.ts'

const dashboards = await readDashboards()

/** The number of series that a panel can show legibly. */
function seriesLimit(panel: Panel, sources: number): number {
  const rows = sources + 10
  const limits: Readonly<Record<string, number>> = {
    stat: 1,
    bargauge: 1,
    timeseries: 10,
    table: rows,
    'state-timeline': rows,
  }
  return limits[panel.type] ?? 0
}

async function answers(
  queries: PrometheusQueries,
  panel: Panel,
  choices: Choices,
): Promise<readonly (readonly Line[])[]> {
  return Promise.all(panel.targets.map((target) => runTarget(queries, panel, target, choices)))
}

const { failed, good } = results

/** The indexes of columns in the table of sources. */
const [status, sizeOfBaseline, change, changedFiles, deadline, provedReadable] = [0, 4, 6, 7, 8, 9]

test('on real data no query fails, is empty, or returns too many series', async (context) => {
  let overdue = ''
  const scenario = await startScenario(context, async (lab) => {
    await makePastOfTroubled(lab)
    overdue = await makeOverdue(lab)
  })
  await runScenario(context, scenario)
  const queries = queriesSince(scenario, scenario.begunAt)
  const [machine] = await query(scenario.prometheus.url, 'kopia_backup_status')
  const host = machine?.labels.host ?? ''
  // Most panels have data about the troubled source; Overdue Sources has data about the overdue one.
  const onePath = ({ title }: Panel) => (title === 'Overdue Sources' ? overdue : scenario.troubled)
  const selections: Readonly<Record<string, (panel: Panel) => Selection>> = {
    '"All"': () => ({}),
    'one host': () => ({ host: [host] }),
    'one path': (panel) => ({ host: [host], path: [onePath(panel)] }),
    'two paths': (panel) => ({ path: [onePath(panel), ...scenario.good.slice(0, 1)] }),
  }
  await context.test('the figures are correct', () => checkFigures(queries, scenario, overdue))
  await context.test('the drawing shows data in every panel', () => checkDrawing(queries))
  for (const [name, dashboard] of dashboards) {
    for (const [choice, selection] of Object.entries(selections)) {
      await context.test(`${name}, ${choice}`, async (all) => {
        for (const panel of dashboard.panels) {
          await all.test(panel.title, async () => {
            const choices = await choicesOf(queries, dashboard, selection(panel))
            for (const [index, lines] of (await answers(queries, panel, choices)).entries()) {
              const { refId, expr } = panel.targets[index] ?? { refId: '?', expr: '?' }
              assert.ok(lines.length > 0, `query ${refId} is empty: ${expr}`)
              const limit = seriesLimit(panel, scenario.good.length + 2)
              assert.ok(
                lines.length <= limit,
                `query ${refId} returns ${lines.length} series, more than ${limit}`,
              )
            }
          })
        }
        for (const annotation of dashboard.annotations.list) {
          await all.test(`annotation ${annotation.name}`, async () => {
            const choices = await choicesOf(
              queries,
              dashboard,
              all.name.includes('"All"') ? {} : { host: [host] },
            )
            assert.ok((await queryAnnotation(queries, annotation, choices)).length > 0, annotation.expr)
          })
        }
      })
    }
  }
})

async function checkFigures(queries: PrometheusQueries, scenario: Scenario, overdue: string): Promise<void> {
  const others = Object.fromEntries(scenario.good.map((path) => [path, states.good]))
  assert.deepEqual(await figures(queries, { title: 'Latest Backup Status', query: status }), {
    ...others,
    [scenario.troubled]: states.failed,
    [overdue]: states.overdue,
  })
  assert.deepEqual(await figures(queries, { title: 'Latest Backup Status', query: change }), {
    [scenario.troubled]: addedBytes,
  })
  assert.equal(
    (await figures(queries, { title: 'Latest Backup Status', query: changedFiles }))[scenario.troubled],
    1,
  )
  const sizes = await figures(queries, { title: 'Latest Backup Status', query: sizeOfBaseline })
  assert.deepEqual(Object.keys(sizes), [scenario.troubled], 'the other sources are younger than two weeks')
  assert.ok((sizes[scenario.troubled] ?? 0) > 1, JSON.stringify(sizes))
  const deadlines = await figures(queries, { title: 'Latest Backup Status', query: deadline })
  assert.deepEqual(Object.keys(deadlines).sort(), [...scenario.good, scenario.troubled, overdue].sort())
  const proofs = await figures(queries, { title: 'Latest Backup Status', query: provedReadable })
  // Its snapshots of the past may have been proved before the scenario began.
  const [proof] = await query(
    scenario.prometheus.url,
    `kopia_verify_last_success_timestamp_seconds{path="${scenario.troubled}"}`,
    queries.range.to,
  )
  assert.ok(proof)
  assert.equal(Math.round(proofs[scenario.troubled] ?? 0), Math.round(proof.value * 1000))
  const late = Object.entries(deadlines).filter(([, at]) => at < queries.range.to * 1000)
  assert.deepEqual(
    late.map(([path]) => path),
    [overdue],
  )
  assert.deepEqual(Object.values(await figures(queries, { title: 'Need Attention' })), [2])
  assert.deepEqual(Object.keys(await figures(queries, { title: 'Overdue Sources' })), [overdue])
  const origins = await figures(queries, { title: 'Overdue Sources', label: 'origin' })
  assert.deepEqual(Object.keys(origins), ['policy'])
  const limits = await figures(queries, { title: 'Changed Files', query: 1 })
  assert.deepEqual(Object.keys(limits), [scenario.troubled])
  const firing = await figures(queries, { title: 'Firing Alerts', label: 'alertname' })
  assert.ok((firing.KopiaBackupFailed ?? 0) > scenario.begunAt * 1000, JSON.stringify(firing))
  const [count = 0] = Object.values(await figures(queries, { title: 'Alerts Firing' }))
  assert.ok(count >= Object.keys(firing).length, `${count} alerts are firing`)
  assert.deepEqual(Object.values(await figures(queries, { title: 'Silent Agents' })), [0])
  const [rate = 0] = Object.values(await figures(queries, { title: 'Backup Success Rate' }))
  assert.ok(rate > 0.5 && rate < 1, `the success rate is ${rate}`)
  const tasks = await figures(queries, { title: 'Verify and Maintenance', label: 'task' })
  assert.deepEqual(
    [tasks['snapshot verify'], tasks['snapshot create'], tasks['maintenance run']],
    [good, failed, good],
  )
}

async function checkDrawing(queries: PrometheusQueries): Promise<void> {
  for (const dashboard of dashboards.values()) {
    const drawing = { queries, theme: 'dark', width: 390 } as const
    const page = pageOf(dashboard, await queryDashboard(queries, dashboard), drawing)
    for (const { fieldConfig } of dashboard.panels) {
      assert.ok(!page.includes(fieldConfig.defaults.noValue ?? ''), fieldConfig.defaults.noValue)
    }
    assert.doesNotMatch(page, /NaN|undefined/)
  }
}
