// Reads raw samples through Prometheus's HTTP API, from Prometheus or the store, and compares them.

import type { Labels } from '../dashboards/prometheus-queries.ts'

type Points = readonly (readonly [seconds: number, value: number])[]
/** Points by series. The key is the JSON of the sorted labels. */
type Samples = ReadonlyMap<string, Points>

export type Span = { readonly seconds: number; readonly until: number }

/** Reads all samples of a span, without the labels that `keyOf` drops. */
export async function readSamples(url: string, selector: string, { seconds, until }: Span): Promise<Samples> {
  const body = new URLSearchParams({ query: `${selector}[${seconds}s]`, time: String(until) })
  const response = await fetch(`${url}/api/v1/query`, { method: 'POST', body })
  const text = await response.text()
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text.slice(0, 300)}`)
  const result: { metric: Labels; values: [number, string][] }[] = JSON.parse(text).data.result
  return new Map(result.map(({ metric, values }) => [keyOf(metric), pointsOf(values)]))
}

/** Drops staleness markers, which VictoriaMetrics returns as NaN and Prometheus does not return. */
function pointsOf(values: readonly (readonly [number, string])[]): Points {
  return values
    .map(([seconds, value]): readonly [number, number] => [seconds, Number(value)])
    .filter(([, value]) => !Number.isNaN(value))
}

/** The sorted labels as JSON, without those that only the store has: `site`, and `tenant_id` of Thanos. */
export function keyOf({ site: _site, tenant_id: _tenant, ...labels }: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1)))
}

export function countOf(samples: Samples): number {
  return [...samples.values()].reduce((sum, points) => sum + points.length, 0)
}

/** VictoriaMetrics stores decimal digits and may lose the last ones of a double (observed: the 13th). */
const relativeTolerance = 1e-12

/** Returns a line for each sample of `expected` that is missing from `actual` or differs. */
export function missingFrom(actual: Samples, expected: Samples): readonly string[] {
  return [...expected].flatMap(([key, points]) => {
    const others = new Map(actual.get(key) ?? [])
    const lost = points.filter(([seconds, value]) => !areClose(value, others.get(seconds)))
    return lost.map(
      ([seconds, value]) => `${key} at ${seconds}: expected ${value}, found ${others.get(seconds)}`,
    )
  })
}

function areClose(one: number, other: number | undefined): boolean {
  if (other === undefined) return false
  return (
    one === other || Math.abs(one - other) <= relativeTolerance * Math.max(Math.abs(one), Math.abs(other))
  )
}
