// Every query of every panel and annotation, asked as Grafana asks, on real data.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { results } from '../../dashboards/src/queries/repository.ts'
import { states } from '../../dashboards/src/queries/sources.ts'
import {
  type Asker,
  annotationLines,
  answerTo,
  choicesOf,
  type Line,
  type Selection,
} from '../support/dashboards/answers.ts'
import type { Choices } from '../support/dashboards/interpolate.ts'
import { type Panel, readDashboards } from '../support/dashboards/model.ts'
import {
  addedBytes,
  makeOverdue,
  openStage,
  play,
  type Stage,
  scrapeIntervalSeconds,
} from '../support/dashboards/stage.ts'
import { query } from '../support/prometheus.ts'
import { waitFor } from '../support/wait.ts'

const dashboards = await readDashboards()

/** How many series one query of a panel may return and still be of use to a person. */
function sane(panel: Panel, sources: number): number {
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

const askerFor = ({ prometheus }: Stage, from: number): Asker => ({
  prometheusUrl: prometheus.url,
  range: { from, to: Date.now() / 1000 },
  scrapeIntervalSeconds,
})

async function answers(asker: Asker, panel: Panel, choices: Choices): Promise<readonly (readonly Line[])[]> {
  return Promise.all(panel.targets.map((target) => answerTo(asker, panel, target, choices)))
}

/** The answer to one query of a panel of the overview: values by path, or by whatever label is named. */
async function figures(
  asker: Asker,
  title: string,
  query = 0,
  label = 'path',
): Promise<Record<string, number>> {
  const dashboard = dashboards.get('backup-overview.json')
  const panel = dashboard?.panels.find((candidate) => candidate.title === title)
  const target = panel?.targets[query]
  assert.ok(dashboard && panel && target, title)
  const lines = await answerTo(asker, panel, target, await choicesOf(asker, dashboard, {}))
  return Object.fromEntries(
    lines.map(({ labels, points }) => [labels[label] ?? '', points[0]?.[1] ?? Number.NaN]),
  )
}

const { failed, never, good } = results

/** Columns of the table of sources, by their place. */
const [status, change, changedFiles] = [0, 5, 6]

test('an installation without a source: no query errs, nothing claims that all is well', async (context) => {
  const stage = await openStage(context, async () => undefined)
  await waitFor('Prometheus has the agent', async () => {
    const [agent] = await query(stage.prometheus.url, 'kopia_agent_repository_reachable')
    return agent
  })
  const asker = askerFor(stage, Date.now() / 1000 - 60)
  for (const [, dashboard] of dashboards) {
    const choices = await choicesOf(asker, dashboard, {})
    for (const panel of dashboard.panels) await answers(asker, panel, choices)
  }
  assert.deepEqual(await figures(asker, 'Need Attention'), {})
  assert.deepEqual(await figures(asker, 'Backup Success Rate'), {})
  assert.deepEqual(Object.values(await figures(asker, 'Silent Agents')), [0])
  assert.equal(Object.keys(await figures(asker, 'Agent Health', 0, 'instance')).length, 1)
  assert.equal((await figures(asker, 'Verify and Maintenance', 0, 'task'))['snapshot verify'], never)
})

test('on real data no query errs, is empty, or returns more than a person can read', async (context) => {
  let overdue = ''
  const stage = await openStage(context, async (lab) => {
    overdue = await makeOverdue(lab)
  })
  await play(context, stage)
  const asker = askerFor(stage, stage.begunAt)
  const [machine] = await query(stage.prometheus.url, 'kopia_backup_status')
  const host = machine?.labels.host ?? ''
  // One path for the panel: most show a source that is in trouble, one shows what did not happen.
  const onePath = ({ title }: Panel) => (title === 'Overdue Sources' ? overdue : stage.troubled)
  const selections: Readonly<Record<string, (panel: Panel) => Selection>> = {
    '"All"': () => ({}),
    'one host': () => ({ host: [host] }),
    'one path': (panel) => ({ host: [host], path: [onePath(panel)] }),
    'two paths': (panel) => ({ path: [onePath(panel), ...stage.good.slice(0, 1)] }),
  }
  await context.test('the figures are right', async () => {
    const others = Object.fromEntries(stage.good.map((path) => [path, states.good]))
    assert.deepEqual(await figures(asker, 'Latest Backup Status', status), {
      ...others,
      [stage.troubled]: states.failed,
      [overdue]: states.overdue,
    })
    assert.deepEqual(await figures(asker, 'Latest Backup Status', change), { [stage.troubled]: addedBytes })
    assert.equal((await figures(asker, 'Latest Backup Status', changedFiles))[stage.troubled], 1)
    assert.deepEqual(Object.values(await figures(asker, 'Need Attention')), [2])
    assert.deepEqual(Object.keys(await figures(asker, 'Overdue Sources')), [overdue])
    assert.deepEqual(Object.values(await figures(asker, 'Alerts Firing')), [1])
    assert.deepEqual(Object.values(await figures(asker, 'Silent Agents')), [0])
    const [rate = 0] = Object.values(await figures(asker, 'Backup Success Rate'))
    assert.ok(rate > 0.5 && rate < 1, `the success rate is ${rate}`)
    const tasks = await figures(asker, 'Verify and Maintenance', 0, 'task')
    assert.deepEqual(
      [tasks['snapshot verify'], tasks['snapshot create'], tasks['maintenance run']],
      [good, failed, good],
    )
  })
  for (const [name, dashboard] of dashboards) {
    for (const [choice, selection] of Object.entries(selections)) {
      await context.test(`${name}, ${choice}`, async (all) => {
        for (const panel of dashboard.panels) {
          await all.test(panel.title, async () => {
            const choices = await choicesOf(asker, dashboard, selection(panel))
            for (const [index, lines] of (await answers(asker, panel, choices)).entries()) {
              const { refId, expr } = panel.targets[index] ?? { refId: '?', expr: '?' }
              assert.ok(lines.length > 0, `query ${refId} is empty: ${expr}`)
              const limit = sane(panel, stage.good.length + 2)
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
              asker,
              dashboard,
              all.name.includes('"All"') ? {} : { host: [host] },
            )
            assert.ok((await annotationLines(asker, annotation, choices)).length > 0, annotation.expr)
          })
        }
      })
    }
  }
})
