// The rules of Grafana's dashboard-linter (github.com/grafana/dashboard-linter, docs/index.md), and a few of our own. Each
// returns its faults, with the panel.

import * as units from '@grafana/grafana-foundation-sdk/units'
import type { Dashboard, DataSource, Panel, Variable } from './model.ts'
import { isFault, parse } from './promql.ts'
import { queryRules } from './query-rules.ts'
import type { Rule } from './rule.ts'

type Finding = { readonly rule: string; readonly panel: string; readonly message: string }

const dataSourceUid = '$datasource'

function ofVariables(check: (variables: readonly Variable[]) => readonly string[]): Rule['check'] {
  return ({ templating }) => check(templating.list).map((message) => ({ message }))
}

function ofPanels(check: (panel: Panel) => readonly string[]): Rule['check'] {
  return ({ panels }) =>
    panels.flatMap((panel) => check(panel).map((message) => ({ panel: panel.title, message })))
}

/** Returns the message if the condition is true. */
const when = (isWrong: boolean, message: string): readonly string[] => (isWrong ? [message] : [])
const isVariable = (source: DataSource | undefined) => source?.uid === dataSourceUid

function selectionRule(name: string): Rule['check'] {
  return ofVariables((variables) => {
    const variable = variables.find((candidate) => candidate.name === name)
    if (variable === undefined) return [`there is no variable ${name}`]
    return [
      ...when(variable.type !== 'query', `${name} is not a query`),
      ...when(!isVariable(variable.datasource), `${name} does not use ${dataSourceUid}`),
      ...when(
        variable.multi !== true || variable.includeAll !== true,
        `${name} does not allow several values and "All"`,
      ),
    ]
  })
}

export const rules: readonly Rule[] = [
  {
    name: 'template-datasource-rule',
    check: ofVariables((variables) => {
      const source = variables.find(({ type }) => type === 'datasource')
      if (source === undefined) return ['there is no variable for the data source']
      return [
        ...when(source.name !== 'datasource', `its name is ${source.name}, not datasource`),
        ...when(source.label !== 'Data source', `its label is ${source.label}, not Data source`),
        ...when(source.query !== 'prometheus', `its type is ${source.query}, not prometheus`),
      ]
    }),
  },
  { name: 'template-job-rule', check: selectionRule('job') },
  { name: 'template-instance-rule', check: selectionRule('instance') },
  { name: 'template-host-rule', check: selectionRule('host') },
  {
    name: 'template-label-promql-rule',
    check: ofVariables((variables) =>
      variables
        .filter(({ type }) => type === 'query')
        .flatMap(({ name, query }) => {
          const selector = /^label_values\((.+), ?\w+\)$/.exec(query)?.[1]
          if (selector === undefined)
            return [`${name}: expected label_values(selector, label), found ${query}`]
          const parsed = parse(selector)
          return when(isFault(parsed), `${name}: ${selector} is not a selector`)
        }),
    ),
  },
  {
    name: 'template-on-time-change-reload-rule',
    check: ofVariables((variables) =>
      variables
        .filter(({ type, refresh }) => type === 'query' && refresh !== 2)
        .map(({ name }) => `${name} does not depend on the displayed time`),
    ),
  },
  {
    name: 'panel-datasource-rule',
    check: ofPanels(({ datasource, targets }) =>
      when(
        ![datasource, ...targets.map((target) => target.datasource)].every(isVariable),
        `it does not use ${dataSourceUid}`,
      ),
    ),
  },
  {
    name: 'panel-title-description-rule',
    check: ofPanels(({ title, description = '' }) => [
      ...when(title === '', 'it has no title'),
      ...when(description === '', 'it has no description'),
    ]),
  },
  {
    name: 'panel-units-rule',
    check: ofPanels(({ fieldConfig: { defaults, overrides } }) => {
      const inOverrides = overrides.flatMap(({ properties }) => properties.filter(({ id }) => id === 'unit'))
      const used = [defaults.unit, ...inOverrides.map(({ value }) => value)]
      const known: readonly unknown[] = Object.values(units)
      return used
        .filter((unit) => !known.includes(unit))
        .map((unit) => `it has the unit ${unit}, which Grafana does not know`)
    }),
  },
  {
    name: 'panel-no-targets-rule',
    check: ofPanels(({ targets }) => when(targets.length === 0, 'it has no query')),
  },
  {
    name: 'panel-no-value-rule',
    check: ofPanels(({ fieldConfig }) =>
      when((fieldConfig.defaults.noValue ?? '') === '', 'it has no text for missing data'),
    ),
  },
  {
    name: 'panel-place-rule',
    check: ({ panels }) =>
      panels.flatMap((panel, index) => {
        const { x, w } = panel.gridPos
        const others = panels
          .slice(index + 1)
          .filter((other) => overlap(panel, other) || other.id === panel.id)
        const messages = [
          ...when(x + w > 24, 'it extends beyond the right edge'),
          ...others.map(({ title }) => `it has the position or the id of ${title}`),
        ]
        return messages.map((message) => ({ panel: panel.title, message }))
      }),
  },
  {
    name: 'uneditable-dashboard-rule',
    check: ({ editable }) => when(editable, 'it can be edited in Grafana').map((message) => ({ message })),
  },
  ...queryRules,
]

function overlap({ gridPos: a }: Panel, { gridPos: b }: Panel): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h
}

/** All faults of a dashboard. */
export function lint(dashboard: Dashboard): readonly Finding[] {
  return rules.flatMap(({ name, check }) =>
    check(dashboard).map(({ panel = dashboard.title, message }) => ({ rule: name, panel, message })),
  )
}
