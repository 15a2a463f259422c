// The parts common to all panels: title, description, unit, size, queries, and the text that is shown without data.

import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog'
import type { DataSourceRef, DynamicConfigValue, Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import {
  DataqueryBuilder,
  PromQueryFormat,
  QueryEditorMode,
} from '@grafana/grafana-foundation-sdk/prometheus'

/** The data source that the user selects in the dashboard. */
export const dataSource: DataSourceRef = { type: 'prometheus', uid: '$datasource' }

export type Description = {
  readonly title: string
  readonly description: string
  /** A Grafana unit, such as `bytes`, `s`, `percentunit`. */
  readonly unit: string
  /** The text that is shown without data: the reason and what to do. */
  readonly noValue: string
  /** In columns of a 24-column grid. A phone shows every panel at full width. */
  readonly width: number
  /** In rows of 38 pixels. */
  readonly height: number
}

export type Query = { readonly expression: string; readonly legend: string }

/** The methods common to the builders of all panel types. */
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

/** Sets the common parts of a panel. */
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

/** Creates range queries over the displayed time. */
export function overTime(queries: readonly Query[]): Builder<Dataquery>[] {
  return queries.map((query, index) => target(query, index).range())
}

/** Creates instant queries at the end of the displayed time. */
export function now(queries: readonly Query[]): Builder<Dataquery>[] {
  return queries.map((query, index) => target(query, index).instant())
}

/** Creates instant queries in table format. */
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

/** The id of the query at this position: A, B, C, … */
export function refId(index: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + index)
}

/** A field property, by Grafana's id for it. */
export function property(id: string, value: DynamicConfigValue['value']): DynamicConfigValue {
  return { id, value }
}
