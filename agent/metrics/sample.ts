// One sample of a metric, as prom-client's Registry takes it.

import type { MetricName } from './definitions.ts'

export type Labels = Readonly<Record<string, string>>
export type Sample = { readonly labels: Labels; readonly value: number }

/** The samples of some metrics; a metric may have none. */
export type SamplesByName = ReadonlyMap<MetricName, readonly Sample[]>
