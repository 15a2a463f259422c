// The results of one query of a Backup Overview panel, by the values of a label.

import assert from 'node:assert/strict'
import { readDashboards } from './model.ts'
import { choicesOf, type PrometheusQueries, runTarget, type Selection } from './prometheus-queries.ts'
import { type Scenario, scrapeIntervalSeconds } from './scenario.ts'

/** Queries for the time from `from` (Unix seconds) until now. */
export function queriesSince({ prometheus }: Scenario, from: number): PrometheusQueries {
  const range = { from, to: Date.now() / 1000 }
  return { prometheusUrl: prometheus.url, range, scrapeIntervalSeconds }
}

type PanelQuery = {
  readonly title: string
  /** The index of the query in its panel; defaults to the first. */
  readonly query?: number
  /** The label that identifies a figure; defaults to the path. */
  readonly label?: string
  readonly selection?: Selection
}

/** The latest values of a panel's query, by the values of a label. */
export async function figures(
  queries: PrometheusQueries,
  panelQuery: PanelQuery,
): Promise<Record<string, number>> {
  const { title, query = 0, label = 'path', selection = {} } = panelQuery
  const dashboard = (await readDashboards()).get('backup-overview.json')
  const panel = dashboard?.panels.find((candidate) => candidate.title === title)
  const target = panel?.targets[query]
  assert.ok(dashboard && panel && target, `there is no query ${query} of ${title}`)
  const lines = await runTarget(queries, panel, target, await choicesOf(queries, dashboard, selection))
  return Object.fromEntries(
    lines.map(({ labels, points }) => [labels[label] ?? '', points.at(-1)?.[1] ?? Number.NaN]),
  )
}
