// Extracts metric and label names from PromQL expressions with Prometheus's own grammar.

import { parser } from '@prometheus-io/lezer-promql'
import { durationSeconds } from './rules.ts'

/** A metric and the labels in its selector. */
type Selection = { readonly metric: string; readonly labels: readonly string[] }

type Names = {
  readonly selections: readonly Selection[]
  /** Labels in by, without, on, ignoring and group_left. */
  readonly groupings: readonly string[]
  /** Labels that label_replace and label_join create. */
  readonly made: readonly string[]
}

/** Returns the names in an expression. Throws if the expression is not valid PromQL. */
export function namesIn(expression: string): Names {
  const selections: { metric: string; labels: string[] }[] = []
  const groupings: string[] = []
  const made: string[] = []
  parser.parse(expression).iterate({
    enter: ({ type, from, to, node }) => {
      const text = expression.slice(from, to)
      if (type.isError)
        throw new Error(`invalid PromQL at ${JSON.stringify(expression.slice(from, from + 40))}`)
      if (type.name === 'VectorSelector')
        selections.push({ metric: text.split('{')[0]?.trim() ?? '', labels: [] })
      if (type.name === 'LabelReplace' || type.name === 'LabelJoin') {
        const call = node.parent?.parent?.getChild('FunctionCallBody')
        const label = call?.getChildren('StringLiteral')[0]
        if (label !== undefined) made.push(expression.slice(label.from + 1, label.to - 1))
      }
      // Reject quoted names, because they could hide a metric from this check.
      if (type.name === 'QuotedLabelName') throw new Error(`a quoted label in ${text}`)
      if (type.name !== 'LabelName') return
      if (node.parent?.type.name === 'GroupingLabels') groupings.push(text)
      else selections.at(-1)?.labels.push(text)
    },
  })
  return { selections, groupings, made }
}

/** A selector: its metric, the values that it asks of labels with `=`, and how far back it reads, in seconds. */
type Lookback = {
  readonly metric: string
  readonly equal: Readonly<Record<string, string>>
  readonly seconds: number
}

/** How far back each selector of an expression reads: its ranges, subqueries and offsets added up. */
export function lookbacksIn(expression: string): readonly Lookback[] {
  const found: Lookback[] = []
  parser.parse(expression).iterate({
    enter: ({ type, from, to, node }) => {
      if (type.name !== 'VectorSelector') return
      let seconds = 0
      for (let owner = node.parent; owner !== null; owner = owner.parent) {
        const isOffset = owner.type.name === 'OffsetExpr'
        // The second duration of a subquery is its step.
        const duration = owner.getChild(isOffset ? 'OffsetDurationExpr' : 'DurationExpr')
        if (duration !== null) seconds += durationSeconds(expression.slice(duration.from, duration.to))
      }
      const [metric = '', matchers = ''] = expression.slice(from, to).split('{')
      const pairs = [...matchers.matchAll(/(\w+)="([^"]*)"/g)]
      const equal = Object.fromEntries(pairs.map(([, label, value]) => [label ?? '', value ?? '']))
      found.push({ metric: metric.trim(), equal, seconds })
    },
  })
  return found
}

/** The labels of every existing metric. */
export type KnownMetrics = ReadonlyMap<string, ReadonlySet<string>>

/**
 * Returns one line for each metric or label in an expression that does not exist. `everywhere` lists the labels that
 * scraping and grouping add to all metrics.
 */
export function wrongNames(
  expression: string,
  known: KnownMetrics,
  everywhere: readonly string[],
): readonly string[] {
  const { selections, groupings, made } = namesIn(expression)
  const all = new Set([...everywhere, ...made, ...[...known.values()].flatMap((labels) => [...labels])])
  return [
    ...selections.flatMap(({ metric, labels }) => wrongSelection(metric, labels, known, everywhere)),
    ...groupings.filter((label) => !all.has(label)).map((label) => `no metric has the label ${label}`),
  ]
}

function wrongSelection(
  metric: string,
  labels: readonly string[],
  known: KnownMetrics,
  everywhere: readonly string[],
): readonly string[] {
  const existing = known.get(metric)
  if (existing === undefined) return [`there is no metric ${metric || '(without a name)'}`]
  return labels
    .filter((label) => !existing.has(label) && !everywhere.includes(label))
    .map((label) => `${metric} has no label ${label}`)
}
