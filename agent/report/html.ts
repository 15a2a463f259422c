// The report as HTML that mail programs show: tables for the layout, inline styles, no scripts, no images. Pure.

import { pluralWords, visible } from '../status/words.ts'
import { Html, html } from '../web/html.ts'
import type { DateWords } from './dates.ts'
import { headline, verdictMarks } from './headline.ts'
import { cardStyle, coloured, darkStyle, lineStyle, pageStyle, type Tone, toneOf } from './html-style.ts'
import { type Look, lookMarks, lookOf } from './look.ts'
import type { Report, SourceReport } from './report.ts'
import { asOfWords, factsOf, overviewWords, problemsOf, warningsOf } from './words.ts'

/** Gmail clips a message beyond 102 kB, so that the rest needs a click. */
const mostRowBytes = 80_000
/** Nobody reads more of what is good. */
const mostGood = 50

const tones: Readonly<Record<Look, Tone>> = {
  failing: 'bad',
  late: 'late',
  waiting: 'new',
  doubtful: 'late',
  good: 'good',
}

const font =
  "font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',Helvetica,Arial,sans-serif;font-size:15px;line-height:1.45"

/** A whole document. */
export function reportHtml(report: Report, dates: DateWords): string {
  const title = headline(report, dates)
  const tone = toneOf[report.verdict]
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${title}</title>
<style>${new Html(darkStyle)}</style>
</head>
<body class="page" style="${pageStyle}">
<main>
<table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" border="0" style="${pageStyle};${font}"><tr>
<td align="center" style="padding:16px 8px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:640px;text-align:left">
<tr><td class="soft" style="${coloured('soft', 'padding:0 4px 8px;font-size:13px')}">Kopia backups on <strong>${visible(report.instance)}</strong> · ${dates.range(report.period.from, report.period.until)}</td></tr>
<tr><td class="card" style="${cardStyle};padding:16px">
<h1 class="${tone}" style="${coloured(tone, 'margin:0;font-size:20px;line-height:1.3;overflow-wrap:anywhere')}">${verdictMarks[report.verdict]} ${title}</h1>
${overviewWords(report, dates).map((words) => paragraph('text', words))}${paragraph('soft', asOfWords(report, dates))}</td></tr>
${warningCard(report, dates)}${sourcesOf(report, dates)}
<tr><td class="soft" style="${coloured('soft', 'padding:12px 4px;font-size:13px')}">kopia-metrics-agent made this report from what it knows. <code>kopia-metrics-agent status</code> shows how things are now.</td></tr>
</table></td></tr></table>
</main>
</body>
</html>
`.text
}

function paragraph(colour: 'text' | 'soft' | Tone, words: string): Html {
  if (words === '') return html``
  return html`<p class="${colour}" style="${coloured(colour, 'margin:8px 0 0;overflow-wrap:anywhere')}">${words}</p>`
}

function card(title: string, content: Html): Html {
  return html`<tr><td style="height:12px;font-size:0;line-height:0">&nbsp;</td></tr>
<tr><td class="card" style="${cardStyle};padding:14px 16px"><h2 class="text" style="${coloured('text', 'margin:0;font-size:16px')}">${title}</h2>
${content}</td></tr>
`
}

function warningCard(report: Report, dates: DateWords): Html | undefined {
  const warnings = warningsOf(report, dates)
  if (warnings.length === 0) return undefined
  return card('What is wrong', html`${warnings.map((words) => paragraph('bad', visible(words)))}`)
}

/** Problems come first, then what is good, as far as a mail can hold them. */
function sourcesOf(report: Report, dates: DateWords): Html {
  const bad = report.sources.filter((source) => source.needsAttention)
  const others = report.sources.filter((source) => !source.needsAttention)
  const shownBad = fitting(bad, mostRowBytes, (source) => rowOf(report, source, dates))
  const room = mostRowBytes - shownBad.bytes
  const shown = fitting(others.slice(0, mostGood), room, (source) => rowOf(report, source, dates))
  return html`${listOf('Needs attention', shownBad.rows, bad.length)}${listOf(
    bad.length === 0 ? 'Backups' : 'The others',
    shown.rows,
    others.length,
  )}`
}

function listOf(title: string, rows: readonly Html[], total: number): Html | undefined {
  if (total === 0) return undefined
  const rest = total - rows.length
  const more =
    rest === 0 ? '' : `And ${pluralWords(rest, 'more source')}: "kopia-metrics-agent status" shows all.`
  const table =
    rows.length === 0
      ? html``
      : html`<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">${rows}</table>`
  return card(title, html`${table}${paragraph('soft', more)}`)
}

type Fitting = { readonly rows: readonly Html[]; readonly bytes: number }

function fitting(
  sources: readonly SourceReport[],
  room: number,
  row: (source: SourceReport) => Html,
): Fitting {
  const rows: Html[] = []
  let bytes = 0
  for (const source of sources) {
    const next = row(source)
    const size = Buffer.byteLength(next.text)
    if (bytes + size > room) break
    rows.push(next)
    bytes += size
  }
  return { rows, bytes }
}

function rowOf(report: Report, source: SourceReport, dates: DateWords): Html {
  const { status } = source
  const { at } = report.status
  const look = lookOf(report, source)
  const tone = tones[look]
  // What is said of a good source is a note, and not good news.
  const wordTone = tone === 'good' ? 'late' : tone
  return html`<tr><td class="row ${tone}" width="24" valign="top" style="${lineStyle};${coloured(tone, 'padding:8px 0;font-weight:bold')}">${lookMarks[look]}</td>
<td class="row" style="${lineStyle};padding:8px 0;overflow-wrap:anywhere;word-break:break-word"><b class="text" style="${coloured('text')}">${visible(status.source.path)}</b>
<span class="soft" style="${coloured('soft', 'font-size:13px')}">${visible(`${status.source.user}@${status.source.host}`)}</span>
${problemsOf(source, at).map((words) => html`<div class="${wordTone}" style="${coloured(wordTone)}">${words}</div>`)}<div class="soft" style="${coloured('soft')}">${factsOf(report, source, dates)}</div></td></tr>
`
}
