// Renders the contents of each panel type.

import type { TimeRange } from '../../test/support/dashboards/interpolate.ts'
import type { Panel } from '../../test/support/dashboards/model.ts'
import type { Line } from '../../test/support/dashboards/prometheus-queries.ts'
import { type Box, bands, chart, nameOf, type Series, type Shade } from './chart.ts'
import { fieldOf, show } from './fields.ts'
import { tableOf } from './table.ts'
import { colourOf, escapeHtml } from './theme.ts'

export type PanelData = {
  readonly panel: Panel
  /** The results, by query. */
  readonly results: readonly (readonly Line[])[]
}

/** Renders a panel as HTML. Without data it shows the panel's text for missing data, as Grafana does. */
export function contents(
  { panel, results }: PanelData,
  shades: readonly Shade[],
  range: TimeRange,
  box: Box,
): string {
  const isEmpty = results.every((lines) => lines.length === 0)
  if (isEmpty && panel.type !== 'stat')
    return `<div class="none">${escapeHtml(fieldOf(panel, '').noValue)}</div>`
  switch (panel.type) {
    case 'stat':
      return stat(panel, results, range)
    case 'table':
      return `<div class="scroll">${tableOf(panel, results, range.to)}</div>`
    case 'timeseries':
      return `<div>${chart(panel, seriesOf(panel, results), shades, range, box)}</div>`
    case 'state-timeline':
      return `<div>${bands(panel, seriesOf(panel, results), [], range, box)}</div>`
    case 'bargauge':
      return `<div>${bars(panel, results, range)}</div>`
    default:
      throw new Error(`unknown panel type ${panel.type}: add it to tools/draw/panels.ts`)
  }
}

function seriesOf(panel: Panel, results: PanelData['results']): readonly Series[] {
  return panel.targets.flatMap(({ legendFormat = '' }, index) =>
    (results[index] ?? []).map((line) => ({ name: nameOf(legendFormat, line.labels), line })),
  )
}

function stat(panel: Panel, results: PanelData['results'], range: TimeRange): string {
  const value = results[0]?.[0]?.points.at(-1)?.[1]
  const { text, colour } = show(fieldOf(panel, panel.title), value, range.to)
  const background =
    value === undefined ? 'background:none;color:var(--faint)' : `background:${colourOf(colour)}`
  return `<div class="stat${text.length > 9 ? ' long' : ''}" style="${background}">${escapeHtml(text)}</div>`
}

function bars(panel: Panel, results: PanelData['results'], range: TimeRange): string {
  const rows = seriesOf(panel, results).map(({ name, line }) => ({
    name,
    value: line.points.at(-1)?.[1] ?? 0,
  }))
  const most = Math.max(1, ...rows.map(({ value }) => value))
  return rows
    .map(({ name, value }) => {
      const { text } = show(fieldOf(panel, name), value, range.to)
      return `<div class="bar"><span>${escapeHtml(name)}</span><i style="width:${(100 * value) / most}%"></i><span>${escapeHtml(text)}</span></div>`
    })
    .join('')
}
