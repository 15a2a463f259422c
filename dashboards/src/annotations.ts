// Annotations on every graph: the time in which a series exists is shaded.

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

/** Fields of Prometheus annotations that the SDK does not define. */
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
  // Grafana joins points that are at most one step apart. The step is the scrape interval, because a shorter one adds nothing.
  return {
    build: (): PrometheusAnnotation => ({
      ...builder.build(),
      titleFormat: title,
      textFormat: text,
      step: '15s',
    }),
  }
}
