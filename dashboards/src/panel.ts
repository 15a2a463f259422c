// What every panel has: a title, a description, a unit, a place, its queries, and words for when there is
// nothing.

import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog'
import type { DataSourceRef, DynamicConfigValue, Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import {
  DataqueryBuilder,
  PromQueryFormat,
  QueryEditorMode,
} from '@grafana/grafana-foundation-sdk/prometheus'

/** The data source that is chosen in the dashboard. */
export const dataSource: DataSourceRef = { type: 'prometheus', uid: '$datasource' }

export type Description = {
  readonly title: string
  readonly description: string
  /** A unit of Grafana's, such as `bytes`, `s`, `percentunit`. */
  readonly unit: string
  /** What stands there while there is no data, and what to do about it. */
  readonly noValue: string
  /** Of 24 columns; a phone shows every panel at full width. */
  readonly width: number
  /** In rows of 38 pixels. */
  readonly height: number
}

export type Query = { readonly expression: string; readonly legend: string }

/** The methods that the builders of all kinds of panels have in common. */
type PanelBuilder = Builder<Panel> & {
  title(title: string): PanelBuilder
  description(description: string): PanelBuilder
  datasource(datasource: DataSourceRef): PanelBuilder
  unit(unit: string): PanelBuilder
  noValue(noValue: string): PanelBuilder
  span(width: number): PanelBuilder
  height(height: number): PanelBuilder
  targets(targets: Builder<Dataquery>[]): PanelBuilder
}

/** Gives a panel what every panel has. */
export function describe<P extends PanelBuilder>(panel: P, description: Description): P {
  panel
    .title(description.title)
    .description(description.description)
    .datasource(dataSource)
    .unit(description.unit)
    .noValue(description.noValue)
    .span(description.width)
    .height(description.height)
  return panel
}

/** Queries over the time that is shown. */
export function overTime(queries: readonly Query[]): Builder<Dataquery>[] {
  return queries.map((query, index) => target(query, index).range())
}

/** Queries of the last moment that is shown. */
export function now(queries: readonly Query[]): Builder<Dataquery>[] {
  return queries.map((query, index) => target(query, index).instant())
}

/** The same, as rows of a table. */
export function rows(expressions: readonly string[]): Builder<Dataquery>[] {
  return expressions.map((expression, index) =>
    target({ expression, legend: '' }, index).instant().format(PromQueryFormat.Table),
  )
}

function target({ expression, legend }: Query, index: number): DataqueryBuilder {
  return new DataqueryBuilder()
    .refId(refId(index))
    .datasource(dataSource)
    .editorMode(QueryEditorMode.Code)
    .expr(expression)
    .legendFormat(legend)
}

/** A, B, C, … */
export function refId(index: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + index)
}

/** A property of a field, as Grafana names it. */
export function property(id: string, value: DynamicConfigValue['value']): DynamicConfigValue {
  return { id, value }
}
