// The icons of the states: each state has its own shape, to be recognised without colours.

import type { State } from '../status/status.ts'
import { type Html, html } from './html.ts'

const shapes: Readonly<Record<State, string>> = {
  failing: 'M7.5 7.5l9 9m0-9l-9 9',
  overdue: 'M12 6.5V12l3.5 3',
  waiting: 'M7.5 12h.01M12 12h.01M16.5 12h.01',
  fine: 'M7 12.5l3.5 3.5 6.5-7.5',
}

/** Colours of the page's icon in the browser's tab, which can't use the page's style. */
const tabColours: Readonly<Record<State, string>> = {
  failing: '#d5342b',
  overdue: '#d08700',
  waiting: '#2577c9',
  fine: '#23903f',
}

/** An icon beside the state's name, hidden from screen readers; the style gives it the state's colours. */
export function icon(state: State): Html {
  return html`<svg class="icon" aria-hidden="true" viewBox="0 0 24 24"><circle
cx="12" cy="12" r="11"/><path d="${shapes[state]}"/></svg>`
}

/** The icon for the browser's tab as a data URL. */
export function iconUrl(state: State): string {
  const image = html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">
<circle cx="12" cy="12" r="11" fill="${tabColours[state]}"/><path d="${shapes[state]}" fill="none" stroke="#fff"
stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round"/></svg>`
  return `data:image/svg+xml,${encodeURIComponent(image.text)}`
}
