// The rules about queries: of panels and of annotations.

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

/** What cannot be parsed is another rule's. */
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

/** Alerts have the labels of what they are about; their job is not always one of the agents. */
const isAlert = ({ metric }: Selector) => metric.startsWith('ALERTS')
const counterFunctions: readonly string[] = ['rate', 'irate', 'increase']

function follows({ matchers }: Selector, variable: string): boolean {
  return matchers.some(
    ({ label, operator, value }) =>
      label === variable && operator === '=~' && new RegExp(`\\$${variable}\\b`).test(value),
  )
}

/** That metrics and labels exist, test/rules/names.test.ts sees, of rules and dashboards alike. */

export const queryRules: readonly Rule[] = [
  {
    name: 'target-promql-rule',
    check: (dashboard) =>
      all(dashboard).flatMap(({ place, expression }) => {
        const parsed = parse(expression)
        return isFault(parsed) ? [{ panel: place, message: `not PromQL near "${parsed.near}"` }] : []
      }),
  },
  {
    name: 'target-rate-interval-rule',
    check: ofQueries(
      all,
      ofSelectors(({ metric, functions: [innermost = ''], range }) =>
        ['rate', 'irate'].includes(innermost) && range !== '$__rate_interval'
          ? `${innermost} of ${metric} takes ${range}, not $__rate_interval`
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
          : `${metric} is read over ${range}, whatever time is shown`,
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
          : `${selector.metric} is not of the chosen job`,
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
          : `${selector.metric} is neither of the chosen instance nor of the chosen host and path`
      }),
    ),
  },
  {
    name: 'target-counter-agg-rule',
    check: ofQueries(
      all,
      ofSelectors(({ metric, functions: [innermost = ''] }) =>
        metric.endsWith('_total') && !counterFunctions.includes(innermost)
          ? `${metric} is a counter, and stands under no rate or increase`
          : undefined,
      ),
    ),
  },
]
