// A table whose rows are identified by labels. Each value column has its own query.

import {
  TableFooterOptionsBuilder,
  TableSortByFieldStateBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import type { DynamicConfigValue } from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/table'
import { type Description, describe, property, refId, rows } from '../panel.ts'

export type Column = {
  readonly name: string
  readonly expression: string
  readonly unit: string
  /** The text of a cell without a value. */
  readonly noValue: string
  readonly properties?: readonly DynamicConfigValue[]
}

export type Table = Description & {
  /** The labels that identify a row, with their headings, in the order of the columns. */
  readonly labels: Readonly<Record<string, string>>
  /** Labels of the queries' results that are not shown. */
  readonly hidden: readonly string[]
  /** Field properties of the label columns, by heading. */
  readonly labelProperties?: Readonly<Record<string, readonly DynamicConfigValue[]>>
  readonly columns: readonly Column[]
  /** The column that the rows are sorted by. */
  readonly sortBy: string
  readonly order: 'ascending' | 'descending'
  /** Value columns that come before the labels. */
  readonly first?: readonly string[]
}

export function table(description: Table): PanelBuilder {
  const { columns, sortBy, order, labelProperties = {} } = description
  const panel = describe(new PanelBuilder(), description)
    .targets(rows(columns.map(({ expression }) => expression)))
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({ id: 'organize', options: arrangement(description) })
    .sortBy([new TableSortByFieldStateBuilder().displayName(sortBy).desc(order === 'descending')])
    .filterable(true)
    .footer(
      new TableFooterOptionsBuilder().show(false).reducer(['count']).countRows(false).enablePagination(true),
    )
  for (const { name, unit, noValue, properties = [] } of columns) {
    panel.overrideByName(name, [property('unit', unit), property('noValue', noValue), ...properties])
  }
  for (const [name, properties] of Object.entries(labelProperties))
    panel.overrideByName(name, [...properties])
  return panel
}

function arrangement({ labels, hidden, columns, first = [] }: Table) {
  const values = columns.map(({ name }, index) => [`Value #${refId(index)}`, name] as const)
  // Grafana names the value column `Value` if only one query has results. The first query always has results.
  const only = columns.slice(0, 1).map(({ name }) => ['Value', name] as const)
  const fields = [...Object.entries(labels), ...only, ...values]
  const isFirst = ([, name]: readonly [string, string]) => first.includes(name)
  const inOrder = [...fields.filter(isFirst), ...fields.filter((field) => !isFirst(field))]
  return {
    excludeByName: Object.fromEntries(['Time', ...hidden].map((name) => [name, true])),
    indexByName: Object.fromEntries(inOrder.map(([field], index) => [field, index])),
    renameByName: Object.fromEntries(fields),
  }
}
