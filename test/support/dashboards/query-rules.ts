// Rules for the queries of panels and annotations. test/rules/names.test.ts checks that their metrics and labels exist.

import type { Dashboard } from './model.ts'
import { type Expression, isFault, parse, type Selector } from './promql.ts'
import type { Rule } from './rule.ts'

type Query = { readonly place: string; readonly expression: string }

function panelQueries({ panels }: Dashboard): readonly Query[] {
  return panels.flatMap(({ title, targets }) =>
    targets.map(({ expr }) => ({ place: title, expression: expr })),
  )
}

function annotationQueries({ annotations }: Dashboard): readonly Query[] {
  return annotations.list.map(({ name, expr }) => ({ place: `annotation ${name}`, expression: expr }))
}

type Check = (expression: Expression) => readonly string[]

/** Skips expressions that cannot be parsed, because target-promql-rule reports them. */
function ofQueries(queries: (dashboard: Dashboard) => readonly Query[], check: Check): Rule['check'] {
  return (dashboard) =>
    queries(dashboard).flatMap(({ place, expression }) => {
      const parsed = parse(expression)
      const messages = isFault(parsed) ? [] : check(parsed)
      return messages.map((message) => ({ panel: place, message }))
    })
}

const all = (dashboard: Dashboard) => [...panelQueries(dashboard), ...annotationQueries(dashboard)]

function ofSelectors(check: (selector: Selector) => string | undefined): Check {
  return ({ selectors }) => selectors.flatMap((selector) => check(selector) ?? [])
}

/** Alerts have the labels of their subject, so their job may not be an agent's. */
const isAlert = ({ metric }: Selector) => metric.startsWith('ALERTS')
const counterFunctions: readonly string[] = ['rate', 'irate', 'increase']

function follows({ matchers }: Selector, variable: string): boolean {
  return matchers.some(
    ({ label, operator, value }) =>
      label === variable && operator === '=~' && new RegExp(`\\$${variable}\\b`).test(value),
  )
}

export const queryRules: readonly Rule[] = [
  {
    name: 'target-promql-rule',
    check: (dashboard) =>
      all(dashboard).flatMap(({ place, expression }) => {
        const parsed = parse(expression)
        return isFault(parsed) ? [{ panel: place, message: `invalid PromQL near "${parsed.near}"` }] : []
      }),
  },
  {
    name: 'target-rate-interval-rule',
    check: ofQueries(
      all,
      ofSelectors(({ metric, functions: [innermost = ''], range }) =>
        ['rate', 'irate'].includes(innermost) && range !== '$__rate_interval'
          ? `${innermost} of ${metric} uses ${range}, not $__rate_interval`
          : undefined,
      ),
    ),
  },
  {
    name: 'target-range-rule',
    check: ofQueries(
      all,
      ofSelectors(({ metric, range }) =>
        range === undefined || range.startsWith('$__')
          ? undefined
          : `${metric} is read over ${range}, independent of the displayed time`,
      ),
    ),
  },
  {
    name: 'target-job-rule',
    check: ofQueries(
      panelQueries,
      ofSelectors((selector) =>
        isAlert(selector) || follows(selector, 'job')
          ? undefined
          : `${selector.metric} does not use the selected job`,
      ),
    ),
  },
  {
    name: 'target-instance-rule',
    check: ofQueries(
      panelQueries,
      ofSelectors((selector) => {
        const isWatchdog = selector.matchers.some(({ value }) => value === 'Watchdog') && isAlert(selector)
        const isOfSource = follows(selector, 'host') && follows(selector, 'path')
        return isOfSource || follows(selector, 'instance') || isWatchdog
          ? undefined
          : `${selector.metric} uses neither the selected instance nor the selected host and path`
      }),
    ),
  },
  {
    name: 'target-counter-agg-rule',
    check: ofQueries(
      all,
      ofSelectors(({ metric, functions: [innermost = ''] }) =>
        metric.endsWith('_total') && !counterFunctions.includes(innermost)
          ? `${metric} is a counter without rate or increase`
          : undefined,
      ),
    ),
  },
]
