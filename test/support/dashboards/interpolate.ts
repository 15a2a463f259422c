// Replaces Grafana's variables in an expression, as Grafana's Prometheus data source does.

/** Unix seconds. */
export type TimeRange = { readonly from: number; readonly to: number }

/** The displayed time, and what Grafana derives from it. */
export type GraphTime = {
  readonly range: TimeRange
  /** The time between two points of a graph. */
  readonly intervalSeconds: number
  readonly scrapeIntervalSeconds: number
}

/** The values of the variables, escaped for regular expressions. */
export type Choices = ReadonlyMap<string, string>

export function interpolate(expression: string, graphTime: GraphTime, choices: Choices): string {
  const { range, intervalSeconds, scrapeIntervalSeconds } = graphTime
  const builtIn: Record<string, string> = {
    __range: `${Math.ceil(range.to - range.from)}s`,
    __range_s: `${Math.ceil(range.to - range.from)}`,
    __interval: `${intervalSeconds}s`,
    __rate_interval: `${Math.max(intervalSeconds + scrapeIntervalSeconds, 4 * scrapeIntervalSeconds)}s`,
  }
  return expression.replace(/\$(\w+)/g, (whole, name: string) => builtIn[name] ?? choices.get(name) ?? whole)
}

/** The step that Grafana uses for `points` points. It is at least the data source's scrape interval. */
export function intervalFor(range: TimeRange, points: number, scrapeIntervalSeconds: number): number {
  const steps = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800, 21_600]
  const exact = (range.to - range.from) / points
  return Math.max(steps.find((step) => step >= exact) ?? 43_200, scrapeIntervalSeconds)
}

/** Formats values as a regular expression inside a quoted PromQL string. */
export function asPattern(values: readonly string[]): string {
  const escaped = values.map((value) =>
    value
      .replace(/\\/g, '\\\\\\\\')
      .replace(/[$^*{}[\]'+?.()|]/g, '\\\\$&')
      .replace(/"/g, '\\"')
      .replace(/\n/g, '\\n'),
  )
  return escaped.length === 1 ? (escaped[0] ?? '') : `(${escaped.join('|')})`
}
