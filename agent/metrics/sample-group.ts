// What the picture is made of: the samples of one metric, of many subjects together.

import type { MetricName } from './definitions.ts'

/** Column by column, not sample by sample: 10,000 sources have 240,000, and what they share is there once. */
export type SampleGroup = {
  readonly name: MetricName
  /** What tells apart the groups that one metric has of the same subjects. */
  readonly more?: Labels | undefined
  /** What the samples are about; for all metrics of the sources the same array. */
  readonly subjects: readonly Labels[]
  /** One for each subject; undefined where it has none. */
  readonly values: readonly (number | undefined)[]
}

export type Labels = Readonly<Record<string, string>>
