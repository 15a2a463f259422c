// Types for single files of prom-client. Its own types describe only its index, and the index also loads the collectors
// of Node's default metrics and the support for clusters, which cost an idle agent some 10 MiB.

declare module 'prom-client/lib/registry.js' {
  export type MetricWithValues = {
    readonly name: string
    readonly help: string
    readonly type: string
    readonly values: readonly {
      readonly labels: Readonly<Record<string, string>>
      readonly sharedLabels?: Readonly<Record<string, string>>
      readonly value: number
    }[]
  }

  export default class Registry {
    static readonly PROMETHEUS_CONTENT_TYPE: string
    /** Any object with these two works: the registry asks for the values with `get` when it writes the text. */
    registerMetric(metric: { readonly name: string; readonly get: () => Promise<MetricWithValues> }): void
    getMetricsAsArray(): readonly { readonly name: string }[]
    getSingleMetricAsString(name: string): Promise<string>
  }
}

declare module 'prom-client/lib/counter.js' {
  import type { MetricWithValues } from 'prom-client/lib/registry.js'

  export default class Counter {
    constructor(configuration: {
      readonly name: string
      readonly help: string
      readonly labelNames: readonly string[]
      /** Without this, the counter joins prom-client's global registry. */
      readonly registers: readonly []
    })
    inc(labels: Readonly<Record<string, string>>, value?: number): void
    inc(value?: number): void
    /** The values are the counter's own objects: later counting changes them. */
    get(): Promise<MetricWithValues>
  }
}
