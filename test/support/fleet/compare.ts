// Compares the results of the same query from a site's Prometheus and from the central store.

import type { TimeRange } from '../dashboards/interpolate.ts'
import { readDashboards } from '../dashboards/model.ts'
import {
  choicesOf,
  type Line,
  type PrometheusQueries,
  runTarget,
  type Selection,
} from '../dashboards/prometheus-queries.ts'
import { scrapeIntervalSeconds } from '../dashboards/scenario.ts'
import { query } from '../prometheus.ts'
import { keyOf } from './samples.ts'
import type { Site } from './site.ts'

export type Comparison = {
  readonly name: string
  readonly expression: string
  readonly fromSite: readonly Line[]
  readonly fromStore: readonly Line[]
}

/** What is queried, and which values of the dashboards' variables are selected there. */
export type Side = { readonly queries: PrometheusQueries; readonly selection: Selection }

/** Compares every query of every panel. In the store the site is selected; at the site there is no label `site`. */
export async function compareDashboards(
  { name, prometheus }: Site,
  storeUrl: string,
  range: TimeRange,
): Promise<readonly Comparison[]> {
  const queriesTo = (prometheusUrl: string): PrometheusQueries => ({
    prometheusUrl,
    range,
    scrapeIntervalSeconds,
  })
  return comparePanels(
    { queries: queriesTo(prometheus.url), selection: {} },
    { queries: queriesTo(storeUrl), selection: { site: [name] } },
  )
}

/** Compares every query of every panel, with the same displayed time on both sides. */
export async function comparePanels(site: Side, store: Side): Promise<readonly Comparison[]> {
  const comparisons: Comparison[] = []
  for (const dashboard of (await readDashboards()).values()) {
    const siteChoices = await choicesOf(site.queries, dashboard, site.selection)
    const storeChoices = await choicesOf(store.queries, dashboard, store.selection)
    for (const panel of dashboard.panels) {
      for (const target of panel.targets) {
        const [fromSite, fromStore] = await Promise.all([
          runTarget(site.queries, panel, target, siteChoices),
          runTarget(store.queries, panel, target, storeChoices),
        ])
        comparisons.push({ name: panel.title, expression: target.expr, fromSite, fromStore })
      }
    }
  }
  return comparisons
}

/** Compares the expression of a rule. From the store's result, only series of this site or without a site count. */
export async function compareRule(
  { name: site, prometheus }: Site,
  storeUrl: string,
  rule: NamedRule,
  seconds: number,
): Promise<Comparison> {
  const evaluate = async (url: string): Promise<readonly Line[]> => {
    const series = await query(url, rule.expression, seconds)
    return series.map(({ labels, value }) => ({ labels, points: [[seconds, value]] }))
  }
  const fromStore = (await evaluate(storeUrl)).filter(({ labels }) => (labels.site ?? site) === site)
  return { ...rule, fromSite: await evaluate(prometheus.url), fromStore }
}

export type NamedRule = { readonly name: string; readonly expression: string }

/** The store keeps fewer digits than a double, which shows in differences of times. */
const tolerance = { relative: 1e-9, absolute: 1e-5 } as const

export function areSame({ fromSite, fromStore }: Comparison): boolean {
  const others = new Map(fromStore.map(({ labels, points }) => [keyOf(labels), points]))
  if (fromSite.length !== fromStore.length) return false
  return fromSite.every(({ labels, points }) => {
    const other = others.get(keyOf(labels))
    return other !== undefined && haveSamePoints(points, other)
  })
}

function haveSamePoints(points: Line['points'], others: Line['points']): boolean {
  if (points.length !== others.length) return false
  return points.every(([seconds, value], index) => {
    const [otherSeconds, other] = others[index] ?? [Number.NaN, Number.NaN]
    const allowed = tolerance.relative * Math.max(Math.abs(value), Math.abs(other)) + tolerance.absolute
    return seconds === otherSeconds && (Object.is(value, other) || Math.abs(value - other) <= allowed)
  })
}

/** Whether both results have the same series, with any values. */
export function haveSameSeries({ fromSite, fromStore }: Comparison): boolean {
  const keys = (lines: readonly Line[]) => JSON.stringify(lines.map(({ labels }) => keyOf(labels)).sort())
  return keys(fromSite) === keys(fromStore)
}

export function describe({ name, expression, fromSite, fromStore }: Comparison): string {
  const text = (lines: readonly Line[]) => JSON.stringify(lines).slice(0, 500)
  return `${name}: ${expression}\n  site:  ${text(fromSite)}\n  store: ${text(fromStore)}`
}
