// Draws a small chart of a source's last attempts: one bar each, as high as it was long; one without success has a cross.

import { mostRecentAttempts, type RecentAttempt } from '../ledger/recent-attempts.ts'
import { durationWords, pluralWords } from '../status/words.ts'
import { dateWords } from './dates.ts'
import { type Html, html } from './html.ts'

const slot = 6
const bar = 4
const height = 36
const lowest = 2
const width = mostRecentAttempts * slot - (slot - bar)

const outcomeWords = { success: 'success', failed: 'failed', incomplete: 'incomplete' } as const

/** The chart as SVG with a text alternative. Oldest first; the newest bar is always at the right edge. */
export function durationChart(recent: readonly RecentAttempt[]): Html {
  const longest = Math.max(...recent.map(({ durationSeconds }) => durationSeconds), 0)
  const first = mostRecentAttempts - recent.length
  const bars = recent.map((attempt, index) => barOf(attempt, (first + index) * slot, longest))
  return html`<svg class="chart" role="img" viewBox="0 0 ${width} ${height}" aria-label="${summary(recent, longest)}">
<path class="base" d="M0 ${height - 0.5}H${width}"/>${bars}
</svg>`
}

/** The caption: how long the longest attempt took. */
export function chartCaption(recent: readonly RecentAttempt[]): string {
  if (recent.length === 0) return 'no attempt yet'
  const longest = Math.max(...recent.map(({ durationSeconds }) => durationSeconds))
  return `longest ${durationWords(longest)}`
}

function barOf({ endedAt, durationSeconds, outcome }: RecentAttempt, x: number, longest: number): Html {
  const share = longest === 0 ? 0 : durationSeconds / longest
  // The bar of an attempt without success has the full height, so that it is visible however short the attempt was.
  const tall = outcome === 'success' ? Math.max(lowest, Math.round(share * (height - 2))) : height - 2
  const title = `${dateWords(endedAt)}: ${outcomeWords[outcome]} after ${durationWords(durationSeconds)}`
  const cross = outcome === 'success' ? undefined : html`<path d="M${x} 4l4 4m0-4l-4 4"/>`
  const rectangle = html`<rect x="${x}" y="${height - 1 - tall}" width="${bar}" height="${tall}"/>`
  return html`<g class="${outcome}"><title>${title}</title>${rectangle}${cross}</g>`
}

function summary(recent: readonly RecentAttempt[], longest: number): string {
  const [last] = recent.slice(-1)
  if (last === undefined) return 'No attempt yet'
  const bad = recent.filter(({ outcome }) => outcome !== 'success').length
  return (
    `The last ${pluralWords(recent.length, 'attempt')}: the newest took ${durationWords(last.durationSeconds)}, ` +
    `the longest ${durationWords(longest)}; ${bad === 0 ? 'none' : bad} without a complete backup`
  )
}
