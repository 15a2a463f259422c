// The colours of the report as HTML: inline for mail programs, and a style element that those with a dark mode use. Pure.

import type { Verdict } from './report.ts'

export type Tone = 'good' | 'bad' | 'late' | 'new'

/** Each has a contrast of 4.5 at least (WCAG 2.2, 1.4.3) on the background that it is used on. */
const light = {
  page: '#f4f5f7',
  card: '#ffffff',
  line: '#dde1e7',
  text: '#1b2129',
  soft: '#58626f',
  good: '#1a6e36',
  bad: '#b3261e',
  late: '#8a5300',
  new: '#0b57a4',
} as const
type Colour = keyof typeof light

const dark: Readonly<Record<Colour, string>> = {
  page: '#0f1318',
  card: '#181d24',
  line: '#2c343e',
  text: '#e7eaef',
  soft: '#a0aab7',
  good: '#5fce80',
  bad: '#ff8b82',
  late: '#eab54e',
  new: '#7cb8ff',
}

export const toneOf: Readonly<Record<Verdict, Tone>> = {
  good: 'good',
  new: 'new',
  attention: 'bad',
  unknown: 'late',
}

/** A style attribute's value with a text colour; the class of the same name has the dark one. */
export function coloured(colour: Colour, more = ''): string {
  return `color:${light[colour]};${more}`
}

export const pageStyle = `background-color:${light.page};margin:0;padding:0`
export const cardStyle = `background-color:${light.card};border:1px solid ${light.line};border-radius:8px`
export const lineStyle = `border-top:1px solid ${light.line}`

/** Mail programs that drop it show the light colours. */
export const darkStyle = `:root{color-scheme:light dark;supported-color-schemes:light dark}
@media (prefers-color-scheme:dark){
.page{background-color:${dark.page}!important}
.card{background-color:${dark.card}!important;border-color:${dark.line}!important}
.row{border-color:${dark.line}!important}
${(['text', 'soft', 'good', 'bad', 'late', 'new'] as const).map((name) => `.${name}{color:${dark[name]}!important}`).join('\n')}
}`
