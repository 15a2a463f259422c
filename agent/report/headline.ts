// The first line of the report, which is also the subject of a mail: the verdict at once. Pure.

import { overdueProofsWords } from '../status/proof-words.ts'
import { shortened } from '../status/text-width.ts'
import { countWords, pluralWords, visible } from '../status/words.ts'
import { concernWords } from './concerns.ts'
import type { DateWords } from './dates.ts'
import { shortDoubt } from './doubt-words.ts'
import type { Report, SourceReport, Verdict } from './report.ts'

/** A shape besides the colour; `new` and `unknown` differ from what is good. */
export const verdictMarks: Readonly<Record<Verdict, string>> = {
  good: '✓',
  new: '·',
  attention: '✗',
  unknown: '?',
}

/** A phone shows little of a subject. */
const mostNames = 3
const longestPath = 60

/** One line such as `All 4 backups are good: 21 in 7 days, nothing overdue`. */
export function headline(report: Report, dates: DateWords): string {
  switch (report.verdict) {
    case 'unknown':
      return unknownWords(report, dates)
    case 'attention':
      return attentionWords(report)
    case 'new':
      return `${newWords(report)}: ${madeWords(report, dates)}${unreadWords(report)}`
    case 'good':
      return `${goodWords(report)}: ${madeWords(report, dates)}, nothing overdue${unreadWords(report)}`
  }
}

function goodWords({ sources }: Report): string {
  return sources.length === 1
    ? 'The one backup is good'
    : `All ${countWords(sources.length)} backups are good`
}

function newWords({ status: { counts }, sources }: Report): string {
  const running = sources.filter(({ status }) => isRunningFirst(status)).length
  const idle = counts.waiting - running
  const waiting = [
    ...(running > 0 ? [`${countWords(running)} ${running === 1 ? 'is' : 'are'} under way`] : []),
    ...(idle > 0 ? [`${countWords(idle)} ${idle === 1 ? 'has' : 'have'} not begun yet`] : []),
  ].join(', ')
  if (counts.fine === 0) return `No backup was made yet, ${waiting}`
  return `${countWords(counts.fine)} of ${pluralWords(sources.length, 'backup')} ${counts.fine === 1 ? 'is' : 'are'} good, ${waiting}`
}

function isRunningFirst({ state, runningSince }: SourceReport['status']): boolean {
  return state === 'waiting' && runningSince !== undefined
}

/** `21 in 7 days`, `21 since Thu 26 Nov` where no more is known, `at least 21 in 7 days` where more is known of some. */
function madeWords(report: Report, dates: DateWords): string {
  const { success, failed, incomplete } = totals(report)
  const least = isShort(report) ? `at least ${countWords(success)}` : countWords(success)
  const made = success === 0 ? 'no new one' : least
  const bad = failed + incomplete
  const recovered = bad === 0 ? '' : `, ${countWords(bad)} failed and recovered`
  return `${made} ${spanOf(report, dates)}${recovered}`
}

/** What is not in backups that are called good. */
function unreadWords({ sources }: Report): string {
  const files = sources.reduce((sum, { unreadFiles }) => sum + unreadFiles, 0)
  return files === 0 ? '' : `, but ${pluralWords(files, 'file')} could not be read`
}

/** Whether attempts of some source are known for a shorter time than those of the others. */
export function isShort({ sources, knownSince, period }: Report): boolean {
  return sources.some((source) => (source.knownSince ?? period.from) > (knownSince ?? period.from))
}

/** `in 7 days`, or `since Thu 26 Nov` where no more is known. */
export function spanOf({ period, knownSince }: Report, dates: DateWords): string {
  return knownSince === undefined
    ? `in ${periodWords(period.until - period.from)}`
    : `since ${dates.day(knownSince)}`
}

/** `7 days`, `24 hours`, `90 minutes`. */
export function periodWords(seconds: number): string {
  const [day, hour, minute] = [86_400, 3600, 60]
  if (seconds % day === 0 && seconds > day) return pluralWords(seconds / day, 'day')
  if (seconds % hour === 0) return pluralWords(seconds / hour, 'hour')
  return pluralWords(Math.round(seconds / minute), 'minute')
}

/** The attempts of all sources. */
export function totals({ sources }: Report): SourceReport['attempts'] {
  const sum = (outcome: keyof SourceReport['attempts']) =>
    sources.reduce((all, { attempts }) => all + attempts[outcome], 0)
  return { success: sum('success'), failed: sum('failed'), incomplete: sum('incomplete') }
}

function attentionWords({ sources, status, concerns }: Report): string {
  const { failedCommands, repository } = status
  const bad = sources.filter((source) => source.needsAttention)
  const others = [
    ...(repository.changedTo === undefined ? [] : ['Kopia is connected to another repository']),
    ...failedCommands.map(({ command }) => `the last "kopia ${command}" failed`),
    ...concerns.map((concern) => concernWords(concern, status.at)),
  ].map(visible)
  if (bad.length === 0) return `Needs attention: ${others.join('; ')}`
  const names = bad.slice(0, mostNames).map((source) => {
    const { path } = source.status.source
    return `${shortened(visible(path), longestPath)} ${problemOf(source)}`
  })
  const more = bad.length > mostNames ? [`${countWords(bad.length - mostNames)} more`] : []
  const subject = `${countWords(bad.length)} of ${pluralWords(sources.length, 'backup')}`
  const verb = bad.length === 1 ? 'needs' : 'need'
  return [`${subject} ${verb} attention: ${[...names, ...more].join(', ')}`, ...others].join('; ')
}

function problemOf({ status: { state, stuckSince }, alarmingChange }: SourceReport): string {
  if (state === 'failing' || state === 'overdue') return state
  if (stuckSince !== undefined) return 'running unusually long'
  if (alarmingChange === undefined) return 'proof overdue'
  const { kind, share } = alarmingChange
  return kind === 'shrank' ? `shrank to ${percentWords(share)}` : `${percentWords(share)} changed`
}

/** `20 %`. */
export function percentWords(share: number): string {
  return `${Math.round(share * 100)} %`
}

function unknownWords(report: Report, dates: DateWords): string {
  const { doubts, status, sources } = report
  const [gravest] = doubts
  const why = gravest === undefined ? '' : shortDoubt(gravest, dates)
  if (sources.length === 0) return `No backup is known: ${why}`
  const bad = sources.filter((source) => source.needsAttention).length
  const whether = sources.length === 1 ? 'the one backup is' : `the ${countWords(sources.length)} backups are`
  const known = bad > 0 ? `; ${countWords(bad)} ${bad === 1 ? 'needs' : 'need'} attention anyway` : ''
  const proofs = overdueProofsWords(status)
  return `Unknown whether ${whether} good: ${why}${known === '' && proofs !== undefined ? `; ${proofs}` : known}`
}
