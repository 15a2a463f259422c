// A table whose rows are told apart by labels, with one query for each of its other columns.

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
  /** What stands in a cell that has no value. */
  readonly noValue: string
  readonly properties?: readonly DynamicConfigValue[]
}

export type Table = Description & {
  /** The labels that tell the rows apart, with their headings, in their order. */
  readonly labels: Readonly<Record<string, string>>
  /** The labels that the queries have beside them, not to be shown. */
  readonly hidden: readonly string[]
  /** What is special about the columns of labels, by their headings. */
  readonly labelProperties?: Readonly<Record<string, readonly DynamicConfigValue[]>>
  readonly columns: readonly Column[]
  /** The column that the worst stands first by. */
  readonly sortBy: string
  readonly order: 'ascending' | 'descending'
  /** Columns that stand before the labels. */
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
  // Grafana names the values of the only query that has any so; the first one always has some.
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
