// What happened, drawn over every graph: a shaded time per series that is there.

import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import { type AnnotationQuery, AnnotationQueryBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import type { Colour } from './colours.ts'
import { dataSource } from './panel.ts'

export type Annotation = {
  readonly name: string
  readonly colour: Colour
  readonly expression: string
  readonly title: string
  readonly text: string
}

/** What Prometheus's annotations have beside what all have; the SDK does not know them. */
type PrometheusAnnotation = AnnotationQuery & {
  readonly titleFormat: string
  readonly textFormat: string
  readonly step: string
}

export function annotation({ name, colour, expression, title, text }: Annotation): Builder<AnnotationQuery> {
  const builder = new AnnotationQueryBuilder()
    .name(name)
    .datasource(dataSource)
    .enable(true)
    .iconColor(colour)
    .expr(expression)
  // Moments closer than a step are one shaded time; Prometheus is asked no oftener than it scrapes.
  return {
    build: (): PrometheusAnnotation => ({
      ...builder.build(),
      titleFormat: title,
      textFormat: text,
      step: '15s',
    }),
  }
}
