// What Grafana puts in place of its variables before it asks Prometheus, as its Prometheus data source does.

/** Unix seconds. */
export type TimeRange = { readonly from: number; readonly to: number }

export type Moment = {
  readonly range: TimeRange
  /** The step between two points of a graph. */
  readonly intervalSeconds: number
  readonly scrapeIntervalSeconds: number
}

/** Values by variable, ready to stand in a regular expression. */
export type Choices = ReadonlyMap<string, string>

export function interpolate(expression: string, moment: Moment, choices: Choices): string {
  const { range, intervalSeconds, scrapeIntervalSeconds } = moment
  const builtIn: Record<string, string> = {
    __range: `${Math.ceil(range.to - range.from)}s`,
    __range_s: `${Math.ceil(range.to - range.from)}`,
    __interval: `${intervalSeconds}s`,
    __rate_interval: `${Math.max(intervalSeconds + scrapeIntervalSeconds, 4 * scrapeIntervalSeconds)}s`,
  }
  return expression.replace(/\$(\w+)/g, (whole, name: string) => builtIn[name] ?? choices.get(name) ?? whole)
}

/** The steps that Grafana takes for `points` points: at least the data source's interval between scrapes. */
export function intervalFor(range: TimeRange, points: number, scrapeIntervalSeconds: number): number {
  const steps = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800, 21_600]
  const exact = (range.to - range.from) / points
  return Math.max(steps.find((step) => step >= exact) ?? 43_200, scrapeIntervalSeconds)
}

/** One value or several as a regular expression inside of a quoted string of PromQL. */
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
