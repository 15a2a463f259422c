// The same questions, asked of a site's own Prometheus and of the store.

import { type Asker, answerTo, choicesOf, type Line } from '../dashboards/answers.ts'
import type { TimeRange } from '../dashboards/interpolate.ts'
import { readDashboards } from '../dashboards/model.ts'
import { scrapeIntervalSeconds } from '../dashboards/stage.ts'
import { query } from '../prometheus.ts'
import { keyOf } from './samples.ts'
import type { Site } from './site.ts'

export type Comparison = {
  readonly name: string
  readonly expression: string
  readonly own: readonly Line[]
  readonly there: readonly Line[]
}

/** Every query of every panel; in the store the site is chosen, at the site there is none to choose. */
export async function compareDashboards(
  { name, prometheus }: Site,
  storeUrl: string,
  range: TimeRange,
): Promise<readonly Comparison[]> {
  const askerOf = (prometheusUrl: string): Asker => ({ prometheusUrl, range, scrapeIntervalSeconds })
  const [own, there] = [askerOf(prometheus.url), askerOf(storeUrl)]
  const comparisons: Comparison[] = []
  for (const dashboard of (await readDashboards()).values()) {
    const ownChoices = await choicesOf(own, dashboard, {})
    const thereChoices = await choicesOf(there, dashboard, { site: [name] })
    for (const panel of dashboard.panels) {
      for (const target of panel.targets) {
        comparisons.push({
          name: panel.title,
          expression: target.expr,
          own: await answerTo(own, panel, target, ownChoices),
          there: await answerTo(there, panel, target, thereChoices),
        })
      }
    }
  }
  return comparisons
}

/** An expression of a rule; of the store's answer, what is of this site or of none. */
export async function compareRule(
  { name: site, prometheus }: Site,
  storeUrl: string,
  rule: { readonly name: string; readonly expression: string },
  seconds: number,
): Promise<Comparison> {
  const ask = async (url: string): Promise<readonly Line[]> => {
    const series = await query(url, rule.expression, seconds)
    return series.map(({ labels, value }) => ({ labels, points: [[seconds, value]] }))
  }
  const there = (await ask(storeUrl)).filter(({ labels }) => (labels.site ?? site) === site)
  return { ...rule, own: await ask(prometheus.url), there }
}

/** Differences of times lose digits that a double has and the store has not. */
const least = { share: 1e-9, absolute: 1e-6 } as const

export function areSame({ own, there }: Comparison): boolean {
  const others = new Map(there.map(({ labels, points }) => [keyOf(labels), points]))
  if (own.length !== there.length) return false
  return own.every(({ labels, points }) => {
    const other = others.get(keyOf(labels))
    return other !== undefined && haveSamePoints(points, other)
  })
}

function haveSamePoints(points: Line['points'], others: Line['points']): boolean {
  if (points.length !== others.length) return false
  return points.every(([seconds, value], index) => {
    const [otherSeconds, other] = others[index] ?? [Number.NaN, Number.NaN]
    const leeway = least.share * Math.max(Math.abs(value), Math.abs(other)) + least.absolute
    return seconds === otherSeconds && (Object.is(value, other) || Math.abs(value - other) <= leeway)
  })
}

/** Whether both name the same series, whatever their figures. */
export function haveSameSeries({ own, there }: Comparison): boolean {
  const keys = (lines: readonly Line[]) => JSON.stringify(lines.map(({ labels }) => keyOf(labels)).sort())
  return keys(own) === keys(there)
}

export function describe({ name, expression, own, there }: Comparison): string {
  const text = (lines: readonly Line[]) => JSON.stringify(lines).slice(0, 500)
  return `${name}: ${expression}\n  its own: ${text(own)}\n  the store: ${text(there)}`
}
