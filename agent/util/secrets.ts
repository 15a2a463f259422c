// Makes a foreign message fit to store and show: one line, without secrets, of limited length.

import { visible } from './visible.ts'

const mask = '***'
/** No more of a message is searched and kept, so that the time is limited. */
const mostSearched = 20_000
const mostShown = 300

/** A name whose value is a secret ends so, with some more letters: `KOPIA_PASSWORD`, `X-Amz-Signature`, `clientSecret1`. */
const secretName =
  '(?:pass(?:word|wd|phrase)|passw|pwd|secret|token|signature|credential|api[-_]?key|' +
  'access[-_]?key|account[-_]?key|private[-_]?key|encryption[-_]?key|storage[-_]?key)[\\w-]*'
const value = `(?:"(?:[^"\\\\]|\\\\.)*"?|'[^']*'?|[^\\s"'&,;)}\\]]+)`

type Rule = readonly [pattern: RegExp, replacement: string]

/** The order matters: a rule sees what the earlier ones have left. */
const rules: readonly Rule[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/gs, mask],
  // A password in a URL can hold a slash or an at sign. A number after the colon is a port, unless an at sign follows.
  [/(\/\/)[^\s/:@"']*:(?!\d+(?:[/\s?#"']|$))[^\s"']{0,4000}@/g, `$1${mask}@`],
  [/(\bauthorization["']?\s*[:=]\s*["']?)(?:[a-z][\w-]*\s+)?[^\s"',]+/gi, `$1${mask}`],
  [/(\bbearer\s+)[\w.~+/=-]{8,}/gi, `$1${mask}`],
  [/(\bbasic\s+)(?=\S*[\d=])[\w+/=]{8,}/gi, `$1${mask}`],
  [/(\b(?:set-)?cookie["']?\s*:\s*).+/gi, `$1${mask}`],
  [new RegExp(`(${secretName}["']?\\s*[=:]\\s*)${value}`, 'gi'), `$1${mask}`],
  [new RegExp(`(--[\\w-]{0,40}${secretName}\\s+)(?!-)${value}`, 'gi'), `$1${mask}`],
  [/([?&](?:sig|key|auth|code|session)=)[^\s&"']+/gi, `$1${mask}`],
  // Keys that are known by their form: of AWS, Google and GitHub, and JSON web tokens.
  [/\b(?:A[KS]IA[A-Z0-9]{16}|AIza[\w-]{30,}|gh[a-z]_\w{20,}|eyJ[\w-]{8,2000}\.[\w-]+(?:\.[\w-]*)?)/g, mask],
]

/**
 * The text with every secret that is known by its name, place or form replaced by `***`. What is beyond 20,000 characters
 * is left out, with the word that the cut divides: it may be part of a secret.
 */
export function withoutSecrets(text: string): string {
  const searched = text.length > mostSearched ? `${text.slice(0, mostSearched).replace(/\S*$/, '')}…` : text
  return rules.reduce((safe, [pattern, replacement]) => safe.replace(pattern, replacement), searched)
}

/** The text as one line: no secrets, control characters visible, at most 300 characters, the last an ellipsis if cut. */
export function oneLine(text: string): string {
  const line = visible(withoutSecrets(text).trim())
  const characters = [...line]
  if (characters.length <= mostShown) return line
  const start = characters.slice(0, mostShown - 1).join('')
  return `${start.trimEnd()}…`
}
