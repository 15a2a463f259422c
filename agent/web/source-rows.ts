// The sources on the status page: a row each, which the style shows as a card in a narrow window.

import { proofNotes, provedWords, showsProofs, unreadableWords } from '../status/proof-words.ts'
import type { SourceStatus, State, Status } from '../status/status.ts'
import {
  agoWords,
  bytesWords,
  countWords,
  durationWords,
  problemWords,
  reasonWords,
  runningWords,
  visible,
} from '../status/words.ts'
import { chartCaption, durationChart } from './chart.ts'
import { timeOf } from './dates.ts'
import { type Html, html } from './html.ts'
import { icon } from './icons.ts'

/** Browsers get slow with more rows, and nobody reads them. */
const mostSources = 500

export const stateWords: Readonly<Record<State, string>> = {
  failing: 'Failing',
  overdue: 'Overdue',
  waiting: 'New',
  fine: 'Fine',
}

/** Replaces the table before the first backup. */
export function noSources(): Html {
  return html`<h2>Sources</h2>
<div class="card empty"><p>No backup is known yet. A source appears here with its first snapshot, or with
the first attempt at one:</p><p><code>kopia snapshot create /path/to/what/matters</code></p></div>`
}

/** The table of the sources, worst first. */
export function sourcesOf({ sources, at }: Status): Html {
  const proofs = showsProofs({ sources }) ? 'shown' : 'unused'
  const shown = sources.slice(0, mostSources)
  const rest = sources.length - shown.length
  const head = (title: string, kind: string) =>
    html`<th role="columnheader" scope="col" class="${kind}">${title}</th>`
  return html`<h2 id="sources">Sources</h2>
<div class="card sources"><table role="table" aria-labelledby="sources"><thead role="rowgroup"><tr role="row">${[
    head('State', ''),
    head('Source', ''),
    head('Last success', 'figure'),
    head('Next', 'figure'),
    ...(proofs === 'shown' ? [head('Proved readable', 'figure')] : []),
    head('Took', 'figure'),
    head('Size', 'figure'),
    head('Files', 'figure'),
    head('Last durations', 'figure'),
  ]}</tr></thead>
<tbody role="rowgroup">${shown.map((source) => rowOf(source, proofs, at))}</tbody></table></div>
${rest > 0 ? moreOf(rest) : undefined}`
}

function moreOf(rest: number): Html {
  const command = html`<code>kopia-metrics-agent status</code>`
  return html`<p>And ${countWords(rest)} more, none of them worse: ${command} shows all.</p>`
}

type ProofColumn = 'shown' | 'unused'

function rowOf(status: SourceStatus, proofs: ProofColumn, now: number): Html {
  const { source, state, lastSuccessAt, lastAttempt, recent, stuckSince } = status
  const problems = [problemWords(status, now), reasonWords(status), unreadableWords(status)]
  const problemLines = problems
    .filter((problem) => problem !== undefined)
    .map((problem) => html`<div class="problem">${sentence(problem)}</div>`)
  const noteLines = proofNotes(status, now).map((note) => html`<div class="note">${sentence(note)}</div>`)
  const running = runningWords(status, now)
  const runningLine =
    running && html`<div class="${stuckSince === undefined ? 'running' : 'note'}">${sentence(running)}</div>`
  const success = lastSuccessAt === undefined ? 'never' : timeOf(lastSuccessAt, agoWords(lastSuccessAt, now))
  return html`
<tr role="row" class="${state}"><td role="cell" class="state">${icon(state)}${stateWords[state]}</td>
<td role="cell" class="source"><b>${visible(source.path)}</b>
<small>${visible(`${source.user}@${source.host}`)}</small>${problemLines}${noteLines}${runningLine}</td>
${figure('Last success', success)}
${figure('Next', nextOf(status, now))}
${proofs === 'shown' ? figure('Proved readable', provedOf(status, now)) : undefined}
${figure('Took', lastAttempt === undefined ? '–' : durationWords(lastAttempt.durationSeconds))}
${figure('Size', status.sizeBytes === undefined ? '–' : bytesWords(status.sizeBytes))}
${figure('Files', status.files === undefined ? '–' : countWords(status.files))}
<td role="cell" class="chart-cell">${durationChart(recent)}<small>${chartCaption(recent)}</small></td></tr>`
}

function figure(label: string, value: Html | string): Html {
  return html`<td role="cell" class="figure"><span class="label" aria-hidden="true">${label}</span>${value}</td>`
}

function nextOf({ deadline, overdueSince }: SourceStatus, now: number): Html | string {
  const { at, dueAt } = deadline
  if (overdueSince !== undefined) return timeOf(dueAt ?? at, 'overdue')
  if (dueAt === undefined) return '–'
  return timeOf(dueAt, dueAt > now ? agoWords(dueAt, now) : 'due')
}

function provedOf(status: SourceStatus, now: number): Html | string {
  const words = provedWords(status, now)
  const { provedAt } = status.proof ?? {}
  return provedAt === undefined ? words : timeOf(provedAt, words)
}

/** The words with a capital letter and a full stop, unless they end with a mark of their own. */
export function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}${/[.…]$/.test(words) ? '' : '.'}`
}
