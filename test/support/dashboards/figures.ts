// What one query of a panel of the overview says, by a label.

import assert from 'node:assert/strict'
import { type Asker, answerTo, choicesOf, type Selection } from './answers.ts'
import { readDashboards } from './model.ts'
import { type Stage, scrapeIntervalSeconds } from './stage.ts'

/** Asks for what was from a moment (Unix seconds) until now. */
export function askerSince({ prometheus }: Stage, from: number): Asker {
  const range = { from, to: Date.now() / 1000 }
  return { prometheusUrl: prometheus.url, range, scrapeIntervalSeconds }
}

export type Question = {
  readonly title: string
  /** The place of the query in its panel; the first where none is named. */
  readonly query?: number
  /** What the figures are told apart by; the path where none is named. */
  readonly label?: string
  readonly selection?: Selection
}

/** The newest figures of an answer, by the values of a label. */
export async function figures(asker: Asker, question: Question): Promise<Record<string, number>> {
  const { title, query = 0, label = 'path', selection = {} } = question
  const dashboard = (await readDashboards()).get('backup-overview.json')
  const panel = dashboard?.panels.find((candidate) => candidate.title === title)
  const target = panel?.targets[query]
  assert.ok(dashboard && panel && target, `there is no query ${query} of ${title}`)
  const lines = await answerTo(asker, panel, target, await choicesOf(asker, dashboard, selection))
  return Object.fromEntries(
    lines.map(({ labels, points }) => [labels[label] ?? '', points.at(-1)?.[1] ?? Number.NaN]),
  )
}
