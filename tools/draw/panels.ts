// The inside of each kind of panel.

import type { Line } from '../../test/support/dashboards/answers.ts'
import type { TimeRange } from '../../test/support/dashboards/interpolate.ts'
import type { Panel } from '../../test/support/dashboards/model.ts'
import { type Box, bands, chart, nameOf, type Series, type Shade } from './chart.ts'
import { fieldOf, show } from './fields.ts'
import { tableOf } from './table.ts'
import { colourOf, escapeHtml } from './theme.ts'

export type Answered = {
  readonly panel: Panel
  /** By query. */
  readonly answers: readonly (readonly Line[])[]
}

/** A panel as HTML; what there is no data for says so, as in Grafana. */
export function contents(
  { panel, answers }: Answered,
  shades: readonly Shade[],
  range: TimeRange,
  box: Box,
): string {
  const isEmpty = answers.every((lines) => lines.length === 0)
  if (isEmpty && panel.type !== 'stat')
    return `<div class="none">${escapeHtml(fieldOf(panel, '').noValue)}</div>`
  switch (panel.type) {
    case 'stat':
      return stat(panel, answers, range)
    case 'table':
      return `<div class="scroll">${tableOf(panel, answers, range.to)}</div>`
    case 'timeseries':
      return `<div>${chart(panel, seriesOf(panel, answers), shades, range, box)}</div>`
    case 'state-timeline':
      return `<div>${bands(panel, seriesOf(panel, answers), [], range, box)}</div>`
    case 'bargauge':
      return `<div>${bars(panel, answers, range)}</div>`
    default:
      throw new Error(
        `the drawing does not know panels of type ${panel.type}: add it to tools/draw/panels.ts`,
      )
  }
}

function seriesOf(panel: Panel, answers: Answered['answers']): readonly Series[] {
  return panel.targets.flatMap(({ legendFormat = '' }, index) =>
    (answers[index] ?? []).map((line) => ({ name: nameOf(legendFormat, line.labels), line })),
  )
}

function stat(panel: Panel, answers: Answered['answers'], range: TimeRange): string {
  const value = answers[0]?.[0]?.points.at(-1)?.[1]
  const { text, colour } = show(fieldOf(panel, panel.title), value, range.to)
  const ground = value === undefined ? 'background:none;color:var(--faint)' : `background:${colourOf(colour)}`
  return `<div class="stat${text.length > 9 ? ' long' : ''}" style="${ground}">${escapeHtml(text)}</div>`
}

function bars(panel: Panel, answers: Answered['answers'], range: TimeRange): string {
  const rows = seriesOf(panel, answers).map(({ name, line }) => ({
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
