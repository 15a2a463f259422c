// Every query of every panel and annotation, asked as Grafana asks, on real data.

import assert from 'node:assert/strict'
import { test } from 'node:test'
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
import { openStage, play, type Stage, scrapeIntervalSeconds } from '../support/dashboards/stage.ts'
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

const askerFor = ({ prometheus, begunAt }: Stage): Asker => ({
  prometheusUrl: prometheus.url,
  range: { from: begunAt, to: Date.now() / 1000 },
  scrapeIntervalSeconds,
})

async function answers(asker: Asker, panel: Panel, choices: Choices): Promise<readonly (readonly Line[])[]> {
  return Promise.all(panel.targets.map((target) => answerTo(asker, panel, target, choices)))
}

test('on real data no query errs, is empty, or returns more than a person can read', async (context) => {
  const stage = await openStage(context)
  await play(context, stage)
  const asker = askerFor(stage)
  const [machine] = await query(stage.prometheus.url, 'kopia_backup_status')
  const host = machine?.labels.host ?? ''
  const selections: Readonly<Record<string, Selection>> = {
    '"All"': {},
    'one host': { host: [host] },
    'one path': { host: [host], path: [stage.troubled] },
    'two paths': { path: [stage.troubled, ...stage.good.slice(0, 1)] },
  }
  for (const [name, dashboard] of dashboards) {
    for (const [choice, selection] of Object.entries(selections)) {
      await context.test(`${name}, ${choice}`, async (all) => {
        const choices = await choicesOf(asker, dashboard, selection)
        for (const panel of dashboard.panels) {
          await all.test(panel.title, async () => {
            for (const [index, lines] of (await answers(asker, panel, choices)).entries()) {
              const { refId, expr } = panel.targets[index] ?? { refId: '?', expr: '?' }
              assert.ok(lines.length > 0, `query ${refId} is empty: ${expr}`)
              const limit = sane(panel, stage.good.length + 1)
              assert.ok(
                lines.length <= limit,
                `query ${refId} returns ${lines.length} series, more than ${limit}`,
              )
            }
          })
        }
        for (const annotation of dashboard.annotations.list) {
          await all.test(`annotation ${annotation.name}`, async () => {
            assert.ok((await annotationLines(asker, annotation, choices)).length > 0, annotation.expr)
          })
        }
      })
    }
  }
})
