// A dashboard as a page: each panel where its JSON puts it.

import { type Asker, annotationLines, answerTo, choicesOf } from '../../test/support/dashboards/answers.ts'
import type { Dashboard, Panel } from '../../test/support/dashboards/model.ts'
import type { Shade } from './chart.ts'
import { type Answered, contents } from './panels.ts'
import { escapeHtml, style, type Theme } from './theme.ts'

export type Answers = { readonly panels: readonly Answered[]; readonly shades: readonly Shade[] }

/** All that the dashboard asks with everything chosen, answered. */
export async function answersTo(asker: Asker, dashboard: Dashboard): Promise<Answers> {
  const choices = await choicesOf(asker, dashboard, {})
  const ask = async (panel: Panel) => ({
    panel,
    answers: await Promise.all(panel.targets.map((target) => answerTo(asker, panel, target, choices))),
  })
  const panels = await Promise.all(dashboard.panels.map(ask))
  const annotations = dashboard.annotations.list.map(async (annotation) => {
    const lines = await annotationLines(asker, annotation, choices)
    return lines.flatMap(({ points }) =>
      shadesOf(
        points.map(([at]) => at),
        annotation.iconColor,
      ),
    )
  })
  return { panels, shades: (await Promise.all(annotations)).flat() }
}

/** Moments closer than a minute are one shaded time. */
function shadesOf(times: readonly number[], colour: string): readonly Shade[] {
  const shades: { from: number; to: number; colour: string }[] = []
  for (const at of times) {
    const last = shades.at(-1)
    if (last !== undefined && at - last.to <= 15) last.to = at
    else shades.push({ from: at, to: at, colour })
  }
  return shades
}

export type Drawing = { readonly asker: Asker; readonly theme: Theme; readonly width: number }

export function pageOf(
  dashboard: Dashboard,
  { panels, shades }: Answers,
  { asker, theme, width }: Drawing,
): string {
  const { range } = asker
  const isNarrow = width < 700
  const sections = panels.map((answered) => {
    const { x, y, w, h } = answered.panel.gridPos
    const box = { width: isNarrow ? width - 26 : (w / 24) * (width - 24) - 10, height: h * 38 - 8 - 32 }
    const place = isNarrow ? `height:${h * 38 - 8}px` : `grid-area:${y + 1}/${x + 1}/span ${h}/span ${w}`
    const inside = contents(answered, shades, range, box)
    return `<section style="${place}"><h2>${escapeHtml(answered.panel.title)}</h2>${inside}</section>`
  })
  const from = new Date(range.from * 1000).toISOString().slice(0, 16).replace('T', ' ')
  const to = new Date(range.to * 1000).toISOString().slice(11, 16)
  return `<!doctype html><html data-theme="${theme}"><meta charset="utf-8"><style>${style}</style>
<body><header><h1>${escapeHtml(dashboard.title)}</h1><span>Data source, host, path: all</span><span>${from} to ${to} UTC</span>
<span class="note">A drawing, not Grafana: made by tools/draw-dashboards.ts from the dashboard's JSON
and what a real Prometheus answered to its queries.</span></header>
<main>${sections.join('\n')}</main></body></html>`
}
