// Renders a dashboard as an HTML page, with each panel at the position in its JSON.

import type { Dashboard, Panel } from '../../test/support/dashboards/model.ts'
import {
  choicesOf,
  type PrometheusQueries,
  queryAnnotation,
  runTarget,
} from '../../test/support/dashboards/prometheus-queries.ts'
import type { Shade } from './chart.ts'
import { contents, type PanelData } from './panels.ts'
import { escapeHtml, style, type Theme } from './theme.ts'

type DashboardData = { readonly panels: readonly PanelData[]; readonly shades: readonly Shade[] }

/** Runs all queries of a dashboard with "All" selected in every variable. */
export async function queryDashboard(
  queries: PrometheusQueries,
  dashboard: Dashboard,
): Promise<DashboardData> {
  const choices = await choicesOf(queries, dashboard, {})
  const runPanel = async (panel: Panel) => ({
    panel,
    results: await Promise.all(panel.targets.map((target) => runTarget(queries, panel, target, choices))),
  })
  const panels = await Promise.all(dashboard.panels.map(runPanel))
  const annotations = dashboard.annotations.list.map(async (annotation) => {
    const lines = await queryAnnotation(queries, annotation, choices)
    return lines.flatMap(({ points }) =>
      shadesOf(
        points.map(([at]) => at),
        annotation.iconColor,
      ),
    )
  })
  return { panels, shades: (await Promise.all(annotations)).flat() }
}

/** Joins points that are at most 15 s apart, the step of the annotation queries. */
function shadesOf(times: readonly number[], colour: string): readonly Shade[] {
  const shades: { from: number; to: number; colour: string }[] = []
  for (const at of times) {
    const last = shades.at(-1)
    if (last !== undefined && at - last.to <= 15) last.to = at
    else shades.push({ from: at, to: at, colour })
  }
  return shades
}

type Drawing = { readonly queries: PrometheusQueries; readonly theme: Theme; readonly width: number }

/** Renders the page. */
export function pageOf(
  dashboard: Dashboard,
  { panels, shades }: DashboardData,
  { queries, theme, width }: Drawing,
): string {
  const { range } = queries
  const isNarrow = width < 700
  const sections = panels.map((answered) => {
    const { x, y, w, h } = answered.panel.gridPos
    const box = { width: isNarrow ? width - 26 : (w / 24) * (width - 24) - 10, height: h * 38 - 8 - 32 }
    const position = isNarrow ? `height:${h * 38 - 8}px` : `grid-area:${y + 1}/${x + 1}/span ${h}/span ${w}`
    const inside = contents(answered, shades, range, box)
    return `<section style="${position}"><h2>${escapeHtml(answered.panel.title)}</h2>${inside}</section>`
  })
  const from = new Date(range.from * 1000).toISOString().slice(0, 16).replace('T', ' ')
  const to = new Date(range.to * 1000).toISOString().slice(11, 16)
  return `<!doctype html><html data-theme="${theme}"><meta charset="utf-8"><style>${style}</style>
<body><header><h1>${escapeHtml(dashboard.title)}</h1><span>Data source, host, path: all</span><span>${from} to ${to} UTC</span>
<span class="note">A drawing, not a screenshot of Grafana: made by tools/draw-dashboards.ts from the dashboard's JSON
and the results of its queries in a real Prometheus.</span></header>
<main>${sections.join('\n')}</main></body></html>`
}
