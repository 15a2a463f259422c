// Asks a real Prometheus what Grafana would ask it for a dashboard.

import {
  asPattern,
  type Choices,
  interpolate,
  intervalFor,
  type Moment,
  type TimeRange,
} from './interpolate.ts'
import type { Annotation, Dashboard, Panel, Target, Variable } from './model.ts'

/** Values over time: Unix seconds and what it was. */
export type Line = {
  readonly labels: Labels
  readonly points: readonly (readonly [seconds: number, value: number])[]
}
export type Labels = Readonly<Record<string, string>>
export type Selection = Readonly<Record<string, readonly string[]>>

export type Asker = {
  readonly prometheusUrl: string
  readonly range: TimeRange
  /** Of the Prometheus that is asked, as it stands in Grafana's data source. */
  readonly scrapeIntervalSeconds: number
}

/** The points that a graph is wide; a graph of 24 columns on a large screen has about that many. */
const points = 1000
/**
 * The step at which our annotations are asked for (dashboards/src/annotations.ts), where the time shown is
 * short.
 */
const annotationStepSeconds = 15

/** The values of all variables: those of `selection`, and "All" for the others. */
export async function choicesOf(
  asker: Asker,
  { templating }: Dashboard,
  selection: Selection,
): Promise<Choices> {
  const choices = new Map<string, string>()
  for (const variable of templating.list.filter(({ type }) => type === 'query')) {
    const chosen = selection[variable.name]
    choices.set(variable.name, chosen ? asPattern(chosen) : await everyValue(asker, variable, choices))
  }
  return choices
}

async function everyValue(asker: Asker, variable: Variable, choices: Choices): Promise<string> {
  return variable.allValue ?? asPattern(await optionsOf(asker, variable, choices))
}

/** What a variable offers. */
export async function optionsOf(
  asker: Asker,
  { query, regex = '' }: Variable,
  choices: Choices,
): Promise<string[]> {
  const [, selector = '', label = ''] = /^label_values\((.+), ?(\w+)\)$/.exec(query) ?? []
  const { from, to } = asker.range
  const parameters = new URLSearchParams({
    'match[]': interpolate(selector, momentOf(asker), choices),
    start: String(from),
    end: String(to),
  })
  const values: readonly string[] = await ask(asker, `label/${label}/values`, parameters)
  const pattern = regex === '' ? /(.*)/s : new RegExp(regex.slice(1, -1))
  return [...new Set(values.flatMap((value) => pattern.exec(value)?.[1] ?? []))].sort()
}

/** The answer to one query of a panel; an instant one has one point per line. */
export async function answerTo(
  asker: Asker,
  panel: Panel,
  target: Target,
  choices: Choices,
): Promise<readonly Line[]> {
  const expression = interpolate(target.expr, momentOf(asker), choices)
  try {
    return target.instant === true ? await instant(asker, expression) : await overTime(asker, expression)
  } catch (error) {
    throw new Error(`${panel.title}, query ${target.refId}: ${expression}`, { cause: error })
  }
}

/** The moments at which an annotation's series were there. */
export async function annotationLines(
  asker: Asker,
  annotation: Annotation,
  choices: Choices,
): Promise<readonly Line[]> {
  const step = Math.max(annotationStepSeconds, momentOf(asker).intervalSeconds)
  const { from, to } = asker.range
  // What lasted less than a step would not be seen at all in the short times that tests take.
  const seconds = Math.min(step, Math.max(1, Math.round((to - from) / points)))
  return overTime(asker, interpolate(annotation.expr, momentOf(asker), choices), seconds)
}

export function momentOf({ range, scrapeIntervalSeconds }: Asker): Moment {
  return { range, scrapeIntervalSeconds, intervalSeconds: intervalFor(range, points, scrapeIntervalSeconds) }
}

type Vector = { readonly result: { metric: Labels; value: [number, string] }[] }
type Matrix = { readonly result: { metric: Labels; values: [number, string][] }[] }

async function instant(asker: Asker, query: string): Promise<readonly Line[]> {
  const { result }: Vector = await ask(
    asker,
    'query',
    new URLSearchParams({ query, time: String(asker.range.to) }),
  )
  return result.map(({ metric, value }) => ({ labels: metric, points: [toPoint(value)] }))
}

async function overTime(
  asker: Asker,
  query: string,
  step = momentOf(asker).intervalSeconds,
): Promise<readonly Line[]> {
  const { from, to } = asker.range
  const parameters = new URLSearchParams({ query, start: String(from), end: String(to), step: String(step) })
  const { result }: Matrix = await ask(asker, 'query_range', parameters)
  return result.map(({ metric, values }) => ({ labels: metric, points: values.map(toPoint) }))
}

const toPoint = ([seconds, value]: readonly [number, string]): readonly [number, number] => [
  seconds,
  Number(value),
]

/** Prometheus's HTTP API v1; the caller knows what kind of answer each of its questions gets. */
async function ask(asker: Asker, question: string, parameters: URLSearchParams) {
  const isForm = question.startsWith('query')
  const url = `${asker.prometheusUrl}/api/v1/${question}`
  const response = isForm
    ? await fetch(url, { method: 'POST', body: parameters })
    : await fetch(`${url}?${parameters}`)
  const answer = JSON.parse(await response.text())
  if (answer.status !== 'success') throw new Error(`Prometheus answered ${response.status}: ${answer.error}`)
  return answer.data
}
