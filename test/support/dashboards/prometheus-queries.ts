// Runs the queries of a dashboard on a real Prometheus, in the way Grafana does.

import {
  asPattern,
  type Choices,
  type GraphTime,
  interpolate,
  intervalFor,
  type TimeRange,
} from './interpolate.ts'
import type { Annotation, Dashboard, Panel, Target, Variable } from './model.ts'

/** One series of a result, with its values over time (Unix seconds). */
export type Line = {
  readonly labels: Labels
  readonly points: readonly (readonly [seconds: number, value: number])[]
}
export type Labels = Readonly<Record<string, string>>
export type Selection = Readonly<Record<string, readonly string[]>>

/** Which Prometheus to query, and for which time. */
export type PrometheusQueries = {
  readonly prometheusUrl: string
  readonly range: TimeRange
  /** The scrape interval of Prometheus, as configured in Grafana's data source. */
  readonly scrapeIntervalSeconds: number
  /**
   * The `step` of instant queries, for VictoriaMetrics: most functions look back this far where no range is given. Undefined
   * leaves its default of 5 minutes, which Grafana uses.
   */
  readonly instantStepSeconds?: number
}

/** The number of points of a graph. A graph of 24 columns on a large screen has about this many. */
const points = 1000
/** The minimum step of the annotation queries (dashboards/src/annotations.ts). */
const annotationStepSeconds = 15

/** The values of all variables: those in `selection`, and "All" for the others. */
export async function choicesOf(
  queries: PrometheusQueries,
  { templating }: Dashboard,
  selection: Selection,
): Promise<Choices> {
  const choices = new Map<string, string>()
  for (const variable of templating.list.filter(({ type }) => type === 'query')) {
    const selected = selection[variable.name]
    choices.set(variable.name, selected ? asPattern(selected) : await everyValue(queries, variable, choices))
  }
  return choices
}

async function everyValue(queries: PrometheusQueries, variable: Variable, choices: Choices): Promise<string> {
  return variable.allValue ?? asPattern(await optionsOf(queries, variable, choices))
}

/** The options of a variable. */
async function optionsOf(
  queries: PrometheusQueries,
  { query, regex = '' }: Variable,
  choices: Choices,
): Promise<string[]> {
  const [, selector = '', label = ''] = /^label_values\((.+), ?(\w+)\)$/.exec(query) ?? []
  const { from, to } = queries.range
  const parameters = new URLSearchParams({
    'match[]': interpolate(selector, graphTimeOf(queries), choices),
    start: String(from),
    end: String(to),
  })
  const values: readonly string[] = await callApi(queries, `label/${label}/values`, parameters)
  const pattern = regex === '' ? /(.*)/s : new RegExp(regex.slice(1, -1))
  return [...new Set(values.flatMap((value) => pattern.exec(value)?.[1] ?? []))].sort()
}

/** Runs one query of a panel. The lines of an instant query have one point each. */
export async function runTarget(
  queries: PrometheusQueries,
  panel: Panel,
  target: Target,
  choices: Choices,
): Promise<readonly Line[]> {
  const expression = interpolate(target.expr, graphTimeOf(queries), choices)
  try {
    return target.instant === true ? await instant(queries, expression) : await overTime(queries, expression)
  } catch (error) {
    throw new Error(`${panel.title}, query ${target.refId}: ${expression}`, { cause: error })
  }
}

/** Queries at which times an annotation's series exist. */
export async function queryAnnotation(
  queries: PrometheusQueries,
  annotation: Annotation,
  choices: Choices,
): Promise<readonly Line[]> {
  const step = Math.max(annotationStepSeconds, graphTimeOf(queries).intervalSeconds)
  const { from, to } = queries.range
  // Tests display a short time, so they use a smaller step: a backup shorter than a step would be invisible.
  const seconds = Math.min(step, Math.max(1, Math.round((to - from) / points)))
  return overTime(queries, interpolate(annotation.expr, graphTimeOf(queries), choices), seconds)
}

function graphTimeOf({ range, scrapeIntervalSeconds }: PrometheusQueries): GraphTime {
  return { range, scrapeIntervalSeconds, intervalSeconds: intervalFor(range, points, scrapeIntervalSeconds) }
}

type Vector = { readonly result: { metric: Labels; value: [number, string] }[] }
type Matrix = { readonly result: { metric: Labels; values: [number, string][] }[] }

/** Runs an instant query at the end of the displayed time. */
export async function instant(queries: PrometheusQueries, query: string): Promise<readonly Line[]> {
  const parameters = new URLSearchParams({ query, time: String(queries.range.to) })
  if (queries.instantStepSeconds !== undefined) parameters.set('step', `${queries.instantStepSeconds}s`)
  const { result }: Vector = await callApi(queries, 'query', parameters)
  return result.map(({ metric, value }) => ({ labels: metric, points: [toPoint(value)] }))
}

/** Runs a range query over the displayed time. */
export async function overTime(
  queries: PrometheusQueries,
  query: string,
  step = graphTimeOf(queries).intervalSeconds,
): Promise<readonly Line[]> {
  const { from, to } = queries.range
  const parameters = new URLSearchParams({ query, start: String(from), end: String(to), step: String(step) })
  const { result }: Matrix = await callApi(queries, 'query_range', parameters)
  return result.map(({ metric, values }) => ({ labels: metric, points: values.map(toPoint) }))
}

const toPoint = ([seconds, value]: readonly [number, string]): readonly [number, number] => [
  seconds,
  Number(value),
]

/** Calls Prometheus's HTTP API v1. The caller declares the type of the result. */
async function callApi(queries: PrometheusQueries, path: string, parameters: URLSearchParams) {
  const isForm = path.startsWith('query')
  const url = `${queries.prometheusUrl}/api/v1/${path}`
  const response = isForm
    ? await fetch(url, { method: 'POST', body: parameters })
    : await fetch(`${url}?${parameters}`)
  const body = JSON.parse(await response.text())
  if (body.status !== 'success') throw new Error(`Prometheus answered ${response.status}: ${body.error}`)
  return body.data
}
