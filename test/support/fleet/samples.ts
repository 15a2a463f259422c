// Raw samples of many series, from whatever answers as Prometheus does.

import type { Labels } from '../dashboards/answers.ts'

export type Moments = readonly (readonly [seconds: number, value: number])[]
/** By the labels as JSON, in the order of their names. */
export type Samples = ReadonlyMap<string, Moments>

export type Span = { readonly seconds: number; readonly until: number }

/** All samples of the span, the site left out of their labels. */
export async function readSamples(url: string, selector: string, { seconds, until }: Span): Promise<Samples> {
  const body = new URLSearchParams({ query: `${selector}[${seconds}s]`, time: String(until) })
  const response = await fetch(`${url}/api/v1/query`, { method: 'POST', body })
  const text = await response.text()
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text.slice(0, 300)}`)
  const result: { metric: Labels; values: [number, string][] }[] = JSON.parse(text).data.result
  return new Map(result.map(({ metric, values }) => [keyOf(metric), momentsOf(values)]))
}

/** VictoriaMetrics gives the marks of where a series ended as NaN, Prometheus does not give them. */
function momentsOf(values: readonly (readonly [number, string])[]): Moments {
  return values
    .map(([seconds, value]): readonly [number, number] => [seconds, Number(value)])
    .filter(([, value]) => !Number.isNaN(value))
}

/** The labels but for the site, as JSON. */
export function keyOf({ site: _, ...labels }: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1)))
}

export function countOf(samples: Samples): number {
  return [...samples.values()].reduce((sum, moments) => sum + moments.length, 0)
}

/** VictoriaMetrics keeps decimal digits, of which the last of a double may be lost (seen: the 13th). */
const leastDigit = 1e-12

/** What is not there as it is here, one line each. */
export function missingFrom(there: Samples, here: Samples): readonly string[] {
  return [...here].flatMap(([key, moments]) => {
    const others = new Map(there.get(key) ?? [])
    const lost = moments.filter(([seconds, value]) => !areClose(value, others.get(seconds)))
    return lost.map(([seconds, value]) => `${key} at ${seconds}: ${value}, there ${others.get(seconds)}`)
  })
}

function areClose(one: number, other: number | undefined): boolean {
  if (other === undefined) return false
  return one === other || Math.abs(one - other) <= leastDigit * Math.max(Math.abs(one), Math.abs(other))
}
