// Formats exact times in the time zone of this machine, with its name.

import { type Html, html } from './html.ts'

const format = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium' })
const zone = new Intl.DateTimeFormat('en', { timeZoneName: 'short' })

/** `2026-11-24 13:00:05 CET`, from Unix seconds. */
export function dateWords(at: number): string {
  const date = new Date(at * 1000)
  const name = zone.formatToParts(date).find(({ type }) => type === 'timeZoneName')?.value ?? ''
  return `${format.format(date)} ${name}`
}

/** An element that shows `words` and has the exact time as its tooltip and for programs. */
export function timeOf(at: number, words: string): Html {
  return html`<time datetime="${new Date(at * 1000).toISOString()}" title="${dateWords(at)}">${words}</time>`
}
