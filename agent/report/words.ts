// What the report says of each source and of all together: text and HTML show the same words. Pure.

import { proofNotes, unreadableWords } from '../status/proof-words.ts'
import {
  agoWords,
  bytesWords,
  changedRepositoryWords,
  commandWords,
  countWords,
  pluralWords,
  problemWords,
  reasonWords,
  runningWords,
  visible,
} from '../status/words.ts'
import type { AlarmingChange } from './alarming-change.ts'
import { concernWords } from './concerns.ts'
import type { DateWords } from './dates.ts'
import { doubtWords } from './doubt-words.ts'
import { isShort, percentWords, spanOf, totals } from './headline.ts'
import type { Report, SourceReport } from './report.ts'

/** The sentences about all, below the first line. */
export function overviewWords(report: Report, dates: DateWords): readonly string[] {
  const { sources, knownSince } = report
  if (sources.length === 0) return []
  const known =
    knownSince === undefined
      ? []
      : [`Attempts are known since ${dates.exact(knownSince)}, when the agent began here.`]
  return [
    attemptsSentence(report, dates),
    ...growthSentence(report),
    ...proofSentence(report),
    ...known,
  ].concat(
    isShort(report)
      ? ['Of some sources only the newest attempts are known: their lines say since when.']
      : [],
  )
}

function attemptsSentence(report: Report, dates: DateWords): string {
  const { success, incomplete } = totals(report)
  const bad = report.sources.filter(({ attempts }) => attempts.failed + attempts.incomplete > 0)
  const failures = bad.reduce((sum, { attempts }) => sum + attempts.failed + attempts.incomplete, 0)
  const open = bad.filter(({ hasRecovered }) => !hasRecovered).length
  const made = success === 0 ? 'No backup was made' : `${pluralWords(success, 'backup')} made`
  const how = incomplete === 0 ? 'failed' : 'failed or stopped early'
  const after = open === 0 ? ', and each source has recovered' : ''
  const failed = failures === 0 ? 'no attempt failed' : `${pluralWords(failures, 'attempt')} ${how}${after}`
  return `${made} ${spanOf(report, dates)}, ${failed}.`
}

function growthSentence({ sources }: Report): readonly string[] {
  const known = sources.filter(({ growth }) => growth !== undefined)
  if (known.length === 0) return []
  const bytes = known.reduce((sum, { growth }) => sum + (growth?.bytes ?? 0), 0)
  const total = known.reduce((sum, { status }) => sum + (status.sizeBytes ?? 0), 0)
  const which = known.length === sources.length ? '' : ` (of ${pluralWords(known.length, 'source')})`
  const change =
    bytes === 0
      ? 'The size has not changed'
      : `${known.length === 1 ? 'It has' : 'They have'} ${bytes > 0 ? 'grown' : 'shrunk'} by ${bytesWords(Math.abs(bytes))}`
  return [`${change}${bytes === 0 ? ':' : ' to'} ${bytesWords(total)}${which}.`]
}

function proofSentence({ sources }: Report): readonly string[] {
  const verified = sources.filter(({ status }) => status.proof !== undefined)
  if (verified.length === 0) return []
  const proved = verified.filter(({ wasProved }) => wasProved).length
  return [`${countWords(proved)} of ${pluralWords(sources.length, 'source')} proved readable in this time.`]
}

/** What is wrong besides sources, one sentence each, the gravest first. */
export function warningsOf({ status, doubts, concerns }: Report, dates: DateWords): readonly string[] {
  const changed = changedRepositoryWords(status)
  const others = [
    ...(changed === undefined ? [] : [changed]),
    ...status.failedCommands.map(commandWords),
    ...concerns.map((concern) => concernWords(concern, status.at)),
  ]
  return [...doubts.map((doubt) => doubtWords(doubt, dates)), ...others.map(sentence)]
}

/** What is wrong with a source, and notes about its files and its proof, one sentence each. */
export function problemsOf(
  { status, unreadFiles, alarmingChange }: SourceReport,
  now: number,
): readonly string[] {
  const unread =
    unreadFiles === 0
      ? undefined
      : `${pluralWords(unreadFiles, 'file')} could not be read and ${unreadFiles === 1 ? 'is' : 'are'} not in the last backup, since its policy ignores such errors`
  return [
    problemWords(status, now),
    reasonWords(status),
    status.stuckSince === undefined ? undefined : runningWords(status, now),
    alarmingChange && changeWords(alarmingChange),
    unread,
    unreadableWords(status),
    ...proofNotes(status, now),
  ]
    .filter((words) => words !== undefined)
    .map((words) => sentence(visible(words)))
}

function changeWords(change: AlarmingChange): string {
  const percent = percentWords(change.share)
  return change.kind === 'shrank'
    ? `the newest snapshot holds ${percent} of the ${change.figure} that were the least before: data was deleted, excluded, or not mounted`
    : `${percent} of the files changed at once, far more than usual: if nobody did this on purpose, pin an older snapshot`
}

/** `7 in 7 days · 3.1 GB (+120 MB) · last 5 h ago · proved readable 3 d ago`. */
export function factsOf(report: Report, source: SourceReport, dates: DateWords): string {
  const { at } = report.status
  return [
    attemptsOf(report, source, dates),
    sizeOf(report, source, dates),
    lastOf(source, at),
    proofOf(source, at),
    source.status.stuckSince === undefined ? runningWords(source.status, at) : undefined,
  ]
    .filter((fact) => fact !== undefined)
    .join(' · ')
}

/** `7 in 7 days, 1 failed and recovered`. */
function attemptsOf(report: Report, source: SourceReport, dates: DateWords): string {
  const { attempts, hasRecovered, knownSince } = source
  const span = spanOf({ ...report, ...(knownSince !== undefined && { knownSince }) }, dates)
  const bad = [
    ...(attempts.failed > 0 ? [`${countWords(attempts.failed)} failed`] : []),
    ...(attempts.incomplete > 0 ? [`${countWords(attempts.incomplete)} stopped early`] : []),
  ]
  const after =
    hasRecovered && bad.length > 0
      ? `, ${bad.join(', ')} and recovered`
      : bad.map((one) => `, ${one}`).join('')
  return `${attempts.success === 0 ? 'none' : countWords(attempts.success)} ${span}${after}`
}

/** `3.1 GB (+120 MB)`, `3.1 GB (+120 MB since Thu 26 Nov)` for a shorter time; the change is left out where it is not known. */
function sizeOf(
  { period }: Report,
  { status: { sizeBytes }, growth }: SourceReport,
  dates: DateWords,
): string {
  if (sizeBytes === undefined) return '–'
  if (growth === undefined) return bytesWords(sizeBytes)
  const { bytes, since } = growth
  const change = bytes === 0 ? '±0' : `${bytes > 0 ? '+' : '−'}${bytesWords(Math.abs(bytes))}`
  const span = since > period.from ? ` since ${dates.day(since)}` : ''
  return `${bytesWords(sizeBytes)} (${change}${span})`
}

/** `last 5 h ago`. */
function lastOf({ status: { lastSuccessAt } }: SourceReport, now: number): string {
  return lastSuccessAt === undefined ? 'never succeeded' : `last ${agoWords(lastSuccessAt, now)}`
}

/** `proved readable 3 d ago`; undefined for a source that is not verified. */
function proofOf({ status: { proof } }: SourceReport, now: number): string | undefined {
  if (proof === undefined) return undefined
  return proof.provedAt === undefined
    ? 'not proved readable yet'
    : `proved readable ${agoWords(proof.provedAt, now)}`
}

/** How new what is said is. */
export function asOfWords({ asOf, period }: Report, dates: DateWords): string {
  return asOf === undefined
    ? ''
    : `As of ${dates.exact(asOf)}, ${agoWords(Math.min(asOf, period.until), period.until)}.`
}

/** The words with a capital letter and a full stop, unless they end with a mark of their own. */
function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}${/[.…]$/.test(words) ? '' : '.'}`
}
