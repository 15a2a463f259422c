// Every query of every panel and annotation, asked as Grafana asks, on real data.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { results } from '../../dashboards/src/queries/repository.ts'
import { states } from '../../dashboards/src/queries/sources.ts'
import { answersTo, pageOf } from '../../tools/draw/page.ts'
import {
  type Asker,
  annotationLines,
  answerTo,
  choicesOf,
  type Line,
  type Selection,
} from '../support/dashboards/answers.ts'
import { askerSince, figures } from '../support/dashboards/figures.ts'
import type { Choices } from '../support/dashboards/interpolate.ts'
import { type Panel, readDashboards } from '../support/dashboards/model.ts'
import { addedBytes, makeOverdue, openStage, play } from '../support/dashboards/stage.ts'
import { query } from '../support/prometheus.ts'

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

async function answers(asker: Asker, panel: Panel, choices: Choices): Promise<readonly (readonly Line[])[]> {
  return Promise.all(panel.targets.map((target) => answerTo(asker, panel, target, choices)))
}

const { failed, good } = results

/** Columns of the table of sources, by their place. */
const [status, change, changedFiles] = [0, 5, 6]

test('on real data no query errs, is empty, or returns more than a person can read', async (context) => {
  let overdue = ''
  const stage = await openStage(context, async (lab) => {
    overdue = await makeOverdue(lab)
  })
  await play(context, stage)
  const asker = askerSince(stage, stage.begunAt)
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
    assert.deepEqual(await figures(asker, { title: 'Latest Backup Status', query: status }), {
      ...others,
      [stage.troubled]: states.failed,
      [overdue]: states.overdue,
    })
    assert.deepEqual(await figures(asker, { title: 'Latest Backup Status', query: change }), {
      [stage.troubled]: addedBytes,
    })
    assert.equal(
      (await figures(asker, { title: 'Latest Backup Status', query: changedFiles }))[stage.troubled],
      1,
    )
    assert.deepEqual(Object.values(await figures(asker, { title: 'Need Attention' })), [2])
    assert.deepEqual(Object.keys(await figures(asker, { title: 'Overdue Sources' })), [overdue])
    const firing = await figures(asker, { title: 'Firing Alerts', label: 'alertname' })
    assert.ok((firing.KopiaBackupFailed ?? 0) > stage.begunAt * 1000, JSON.stringify(firing))
    const [count = 0] = Object.values(await figures(asker, { title: 'Alerts Firing' }))
    assert.ok(count >= Object.keys(firing).length, `${count} alerts are firing`)
    assert.deepEqual(Object.values(await figures(asker, { title: 'Silent Agents' })), [0])
    const [rate = 0] = Object.values(await figures(asker, { title: 'Backup Success Rate' }))
    assert.ok(rate > 0.5 && rate < 1, `the success rate is ${rate}`)
    const tasks = await figures(asker, { title: 'Verify and Maintenance', label: 'task' })
    assert.deepEqual(
      [tasks['snapshot verify'], tasks['snapshot create'], tasks['maintenance run']],
      [good, failed, good],
    )
  })
  await context.test('the drawing shows them all', async () => {
    for (const dashboard of dashboards.values()) {
      const drawing = { asker, theme: 'dark', width: 390 } as const
      const page = pageOf(dashboard, await answersTo(asker, dashboard), drawing)
      for (const { fieldConfig } of dashboard.panels) {
        assert.ok(!page.includes(fieldConfig.defaults.noValue ?? ''), fieldConfig.defaults.noValue)
      }
      assert.doesNotMatch(page, /NaN|undefined/)
    }
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
