// One value of the picture.

import type { MetricName } from './catalogue.ts'

export type Sample = {
  readonly name: MetricName
  /** What it is about: for all samples of one source the same object. */
  readonly labels: Labels
  /** What tells apart the samples that one metric has of it. */
  readonly more?: Labels | undefined
  readonly value: number
}

export type Labels = Readonly<Record<string, string>>
