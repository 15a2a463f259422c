// The report as plain text: the verdict in the first line, problems, then the good backups. Pure.

import { pluralWords, visible } from '../status/words.ts'
import type { DateWords } from './dates.ts'
import { headline, verdictMarks } from './headline.ts'
import { lookMarks, lookOf } from './look.ts'
import type { Report, SourceReport } from './report.ts'
import { asOfWords, factsOf, overviewWords, problemsOf, warningsOf } from './words.ts'

/** A mail of more lines would be refused, or never read. */
const mostBad = 500
const mostGood = 100

/** Lines of text with a line end. */
export function reportText(report: Report, dates: DateWords): string {
  const { sources, verdict, period, instance } = report
  const bad = sources.filter((source) => source.needsAttention)
  const others = sources.filter((source) => !source.needsAttention)
  const warnings = warningsOf(report, dates).map((words) => `! ${words}`)
  const rest = Math.max(0, bad.length - mostBad) + Math.max(0, others.length - mostGood)
  const lines = [
    `${verdictMarks[verdict]} ${headline(report, dates)}`,
    '',
    `Kopia backups on ${visible(instance)}, ${dates.range(period.from, period.until)}`,
    ...overviewWords(report, dates),
    ...[asOfWords(report, dates)].filter((words) => words !== ''),
    ...section('', warnings),
    ...section(
      'Needs attention:',
      bad.slice(0, mostBad).flatMap((source) => linesOf(report, source, dates)),
    ),
    ...section(
      bad.length === 0 ? 'Backups:' : 'The others:',
      others.slice(0, mostGood).flatMap((source) => linesOf(report, source, dates)),
    ),
    ...(rest > 0
      ? [`… and ${pluralWords(rest, 'more backup')}; "kopia-metrics-agent status" shows all.`]
      : []),
  ]
  return `${lines.join('\n')}\n`
}

function section(title: string, lines: readonly string[]): readonly string[] {
  if (lines.length === 0) return []
  return ['', ...(title === '' ? [] : [title]), ...lines]
}

function linesOf(report: Report, source: SourceReport, dates: DateWords): readonly string[] {
  const { at } = report.status
  return [
    `${lookMarks[lookOf(report, source)]} ${visible(source.status.name)}`,
    ...problemsOf(source, at).map((words) => `    ${words}`),
    `    ${factsOf(report, source, dates)}`,
  ]
}
