// Renders a table with the transformations of the dashboards' tables: merge, then organize.

import type { Panel } from '../../test/support/dashboards/model.ts'
import type { Labels, Line } from '../../test/support/dashboards/prometheus-queries.ts'
import { fieldOf, show, showLabel } from './fields.ts'
import { colourOf, escapeHtml } from './theme.ts'

type Row = { readonly labels: Labels; readonly values: Map<string, number> }
type Arrangement = {
  readonly excludeByName: Readonly<Record<string, boolean>>
  readonly indexByName: Readonly<Record<string, number>>
  readonly renameByName: Readonly<Record<string, string>>
}
type Options = { readonly sortBy: readonly { readonly displayName: string; readonly desc: boolean }[] }

export function tableOf(panel: Panel, results: readonly (readonly Line[])[], nowSeconds: number): string {
  const organize = panel.transformations?.find(({ id }) => id === 'organize')
  if (organize === undefined) throw new Error(`${panel.title}: expected the transformation organize`)
  const { indexByName, renameByName } = organize.options as Arrangement
  const rows = sorted(merge(panel, results), panel, renameByName)
  const columns = Object.entries(indexByName)
    .sort(([, a], [, b]) => a - b)
    .map(([field]) => ({ field, heading: renameByName[field] ?? field }))
    .filter(({ field }) => field !== 'Value')
    .filter(({ heading }) => fieldOf(panel, heading).custom.get('custom.hidden') !== true)
    .filter(({ field }) => kindOf(field) === 'number' || rows.some(({ labels }) => field in labels))
  const head = columns.map(({ field, heading }) => `<th class="${kindOf(field)}">${escapeHtml(heading)}</th>`)
  const body = rows.map(
    (row) => `<tr>${columns.map((column) => cell(panel, row, column, nowSeconds)).join('')}</tr>`,
  )
  return `<table><thead><tr>${head.join('')}</tr></thead><tbody>${body.join('')}</tbody></table>`
}

const kindOf = (field: string) => (field.startsWith('Value #') ? 'number' : 'label')

/** Merges rows whose common labels are equal. */
function merge(panel: Panel, results: readonly (readonly Line[])[]): readonly Row[] {
  const rows: Row[] = []
  for (const [index, lines] of results.entries()) {
    const field = `Value #${panel.targets[index]?.refId}`
    for (const { labels, points } of lines) {
      const value = points.at(-1)?.[1] ?? Number.NaN
      const place = rows.findIndex((row) => !row.values.has(field) && areSame(row.labels, labels))
      const row = rows[place]
      if (row === undefined) rows.push({ labels, values: new Map([[field, value]]) })
      else rows[place] = { labels: { ...row.labels, ...labels }, values: row.values.set(field, value) }
    }
  }
  return rows
}

function areSame(one: Labels, other: Labels): boolean {
  return Object.entries(one).every(([name, value]) => !(name in other) || other[name] === value)
}

function sorted(rows: readonly Row[], panel: Panel, headings: Arrangement['renameByName']): readonly Row[] {
  const [by] = (panel.options as Options).sortBy
  const field = Object.entries(headings).findLast(([, heading]) => heading === by?.displayName)?.[0] ?? ''
  const sign = by?.desc ? -1 : 1
  const key = ({ labels, values }: Row) => values.get(field) ?? labels[field] ?? Number.POSITIVE_INFINITY
  return rows.toSorted((a, b) => sign * (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0))
}

type Column = { readonly field: string; readonly heading: string }

function cell(panel: Panel, { labels, values }: Row, { field, heading }: Column, nowSeconds: number): string {
  const configuration = fieldOf(panel, heading)
  if (kindOf(field) === 'label') {
    const { text, colour } = showLabel(configuration, labels[field] ?? '')
    return `<td style="color:${colourOf(colour)}">${escapeHtml(text)}</td>`
  }
  const { text, colour } = show(configuration, values.get(field), nowSeconds)
  const { type = '' } = (configuration.custom.get('custom.cellOptions') ?? {}) as { type?: string }
  if (type === 'color-background')
    return `<td class="filled" style="background:${colourOf(colour)}">${escapeHtml(text)}</td>`
  const ink = type === 'color-text' && colour !== undefined ? ` style="color:${colourOf(colour)}"` : ''
  return `<td class="number"${ink}>${escapeHtml(text)}</td>`
}
