// GET /: the status page. It is complete without scripts or further requests.

import { createHash } from 'node:crypto'
import { overallState, problemCount, type Status, states } from '../status/status.ts'
import { summaryWords } from '../status/summary-words.ts'
import {
  agoWords,
  bytesWords,
  changedRepositoryWords,
  commandWords,
  countWords,
  visible,
} from '../status/words.ts'
import { dateWords, timeOf } from './dates.ts'
import { Html, html } from './html.ts'
import { icon, iconUrl } from './icons.ts'
import { noSources, sentence, sourcesOf, stateWords } from './source-rows.ts'
import { style } from './style.ts'

type PageFacts = {
  readonly status: Status
  /** The label `instance`, which names the machine. */
  readonly instance: string
  readonly version: string
  /** What does not work now, one sentence each. */
  readonly faults: readonly string[]
  readonly refresh: 'on' | 'off'
}

type Page = { readonly body: string; readonly headers: Readonly<Record<string, string>> }

const refreshSeconds = 30

const styleHash = createHash('sha256').update(style).digest('base64')

/** Allows no requests, scripts, forms or frames; the style and the icon are in the page. */
const contentSecurityPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${styleHash}'`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** The page and its headers. */
export function statusPage(facts: PageFacts): Page {
  return {
    body: documentOf(facts).text,
    headers: {
      'content-security-policy': contentSecurityPolicy,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      // A header instead of an element, so that a link can turn it off (WCAG 2.2.1).
      ...(facts.refresh === 'on' && { refresh: String(refreshSeconds) }),
    },
  }
}

function documentOf(facts: PageFacts): Html {
  const { status, instance } = facts
  const worst = overallState(status)
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${titleOf(status)} · ${visible(instance)}</title>
<link rel="icon" href="${iconUrl(worst)}">
<style>${new Html(style)}</style>
</head>
<body>
<main>
${topOf(facts)}
<section class="summary ${worst}" aria-label="Summary">
${icon(worst)}<h1>${summaryWords(status)}</h1>${countsOf(status)}
</section>
${faultsOf(facts)}
${status.sources.length === 0 ? noSources() : sourcesOf(status)}
${repositoryOf(status)}
</main>
<footer>kopia-metrics-agent ${facts.version} · <a href="/metrics">Metrics</a> ·
<a href="/-/ready">Ready?</a></footer>
</body>
</html>
`
}

/** Begins with what needs attention: a narrow tab shows the first words only. */
function titleOf(status: Status): string {
  const problems = problemCount(status)
  return problems > 0 ? `(${countWords(problems)}) ${summaryWords(status)}` : summaryWords(status)
}

function topOf({ status, instance, refresh }: PageFacts): Html {
  const other =
    refresh === 'on'
      ? html`refreshes every ${refreshSeconds} s · <a href="/?refresh=off">Pause</a>`
      : html`does not refresh · <a href="/">Resume</a>`
  return html`<header class="top"><p>Kopia backups on <strong>${visible(instance)}</strong></p>
<p>As of ${timeOf(status.at, dateWords(status.at))}, ${other}</p></header>`
}

function countsOf({ counts, sources }: Status): Html | undefined {
  if (sources.length === 0) return undefined
  const present = states.filter((state) => counts[state] > 0)
  return html`<ul class="counts">${present.map(
    (state) =>
      html`<li class="${state}"><b>${countWords(counts[state])}</b> ${stateWords[state].toLowerCase()}</li>`,
  )}</ul>`
}

function faultsOf({ status, faults }: PageFacts): Html | undefined {
  const changed = changedRepositoryWords(status)
  const all = [
    ...(changed === undefined ? [] : [sentence(changed)]),
    ...status.failedCommands.map((failed) => sentence(commandWords(failed))),
    ...faults,
  ]
  if (all.length === 0) return undefined
  const items = all.map((fault) => html`<li>${visible(fault)}</li>`)
  return html`<ul class="faults" aria-label="What does not work">${items}</ul>`
}

function repositoryOf({ repository, at }: Status): Html | undefined {
  const { status, blobs, contentsBytes, maintenance } = repository
  if (status === undefined) return undefined
  const facts: (readonly [name: string, value: Html | string])[] = []
  const add = (name: string, value: number | undefined, words: (value: number) => Html | string) => {
    if (value !== undefined) facts.push([name, words(value)])
  }
  const ago = (time: number) => timeOf(time, agoWords(time, at))
  add('Stored', blobs?.sizeBytes, bytesWords)
  add('Contents', contentsBytes, bytesWords)
  add('Free space', status.availableBytes, bytesWords)
  add('Last maintenance', maintenance?.quick.lastSuccessAt, ago)
  add('Last full maintenance', maintenance?.full.lastSuccessAt, ago)
  add('Next full maintenance', maintenance?.full.nextAt, ago)
  return html`<h2>Repository <small>${visible(status.storageType)}</small></h2>
<dl class="card facts">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}
