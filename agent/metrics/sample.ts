// A sample of a metric, as prom-client's Registry takes it.

import type { MetricName } from './definitions.ts'

export type Labels = Readonly<Record<string, string>>

export type Sample = {
  readonly labels: Labels
  /**
   * Labels that many samples have: the registry formats such an object once, and remembers the text as long as the
   * object lives. Without it the text of 10,000 sources takes three times the CPU, and more than its 800 ms.
   */
  readonly sharedLabels?: Labels
  readonly value: number
}

/** The samples of some metrics; a metric may have none. */
export type SamplesByName = ReadonlyMap<MetricName, readonly Sample[]>

/** One sample, or none where the value is unknown. */
export function sampleIfKnown(value: number | undefined, labels: Labels = {}): readonly Sample[] {
  return value === undefined ? [] : [{ labels, value }]
}
