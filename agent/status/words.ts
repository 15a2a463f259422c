// Formats times, sizes, counts, names and problems for people: the terminal and the page show the same words.

import type { SourceStatus, Status } from './status.ts'

export { visible } from '../util/visible.ts'

const minute = 60
const hour = 60 * minute
const day = 24 * hour

/** `31 ms`, `1.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `4 d 6 h`: at most two units. */
export function durationWords(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < minute) return `${whole} s`
  if (whole < hour) return pair(whole, minute, 'min', 1, 's')
  if (whole < day) return pair(whole, hour, 'h', minute, 'min')
  return pair(whole, day, 'd', hour, 'h')
}

/** A rounded interval, since a learned one is never exact: `1 d` instead of `23 h 59 min`. */
export function intervalWords(seconds: number): string {
  const step = seconds < hour ? minute : 5 * minute
  return durationWords(Math.max(minute, Math.round(seconds / step) * step))
}

/** A rough duration in one unit: `40 s`, `3 min`, `2 h`, `4 d`. */
export function spanWords(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  if (whole < minute) return `${whole} s`
  if (whole < hour) return `${Math.floor(whole / minute)} min`
  if (whole < 2 * day) return `${Math.floor(whole / hour)} h`
  return `${Math.floor(whole / day)} d`
}

/** `3 h ago`, or `in 3 h` for a time in the future. */
export function agoWords(at: number, now: number): string {
  return at > now ? `in ${spanWords(at - now)}` : `${spanWords(now - at)} ago`
}

const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const

/** Decimal units, as Kopia itself prints them: `1.2 GB`. */
export function bytesWords(bytes: number): string {
  const power = Math.min(byteUnits.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3))
  const value = bytes / 1000 ** power
  return `${power > 0 && value < 100 ? value.toFixed(1) : Math.round(value)} ${byteUnits[power]}`
}

const english = new Intl.NumberFormat('en')

/** `12,345`. */
export function countWords(count: number): string {
  return english.format(count)
}

/** `1 file`, `2 files`. */
export function pluralWords(count: number, singular: string): string {
  return `${countWords(count)} ${singular}${count === 1 ? '' : 's'}`
}

/** One line for all sources, such as `1 failing, 2 overdue of 14 sources`. */
export function summaryWords({ sources, counts }: Status): string {
  const total = sources.length
  if (total === 0) return 'No sources known yet'
  const bad = [
    ...(counts.failing > 0 ? [`${countWords(counts.failing)} failing`] : []),
    ...(counts.overdue > 0 ? [`${countWords(counts.overdue)} overdue`] : []),
  ]
  if (bad.length > 0) return `${bad.join(', ')} of ${pluralWords(total, 'source')}`
  if (counts.waiting > 0)
    return `${countWords(counts.fine)} of ${pluralWords(total, 'source')} backed up, the others are new`
  return total === 1 ? 'The one source is backed up' : `All ${countWords(total)} sources are backed up`
}

/** What is wrong with a source; undefined if nothing is. */
export function problemWords(status: SourceStatus, now: number): string | undefined {
  const { lastAttempt, lastSuccessAt, consecutiveFailures, overdueSince, expectedInterval } = status
  const sentences: string[] = []
  if (status.state === 'failing' && lastAttempt !== undefined) {
    const end = lastAttempt.outcome === 'incomplete' ? 'stopped before it was complete' : 'failed'
    const times = consecutiveFailures > 1 ? `, ${countWords(consecutiveFailures)} times in a row` : ''
    const files = lastAttempt.errors.fatal
    const unread = files > 0 ? `: ${pluralWords(files, 'file')} could not be read` : ''
    sentences.push(`the last attempt ${end} ${agoWords(lastAttempt.endedAt, now)}${times}${unread}`)
  }
  if (overdueSince !== undefined) {
    const expected =
      expectedInterval === undefined
        ? 'its expected interval is unknown'
        : `expected every ${intervalWords(expectedInterval.seconds)}`
    sentences.push(`${expected}, overdue for ${spanWords(now - overdueSince)}`)
  }
  if (sentences.length > 0 && lastSuccessAt === undefined) sentences.push('it never succeeded')
  return sentences.length === 0 ? undefined : sentences.join('; ')
}

function pair(whole: number, large: number, largeUnit: string, small: number, smallUnit: string): string {
  const rest = Math.floor((whole % large) / small)
  return `${Math.floor(whole / large)} ${largeUnit}${rest > 0 ? ` ${rest} ${smallUnit}` : ''}`
}
