// Formats times, sizes, counts, names and problems for people: the terminal and the page show the same words.

import { visible } from '../util/visible.ts'
import type { FailedCommand } from './failed-commands.ts'
import type { SourceStatus, Status } from './status.ts'

export { visible }

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

/** What is wrong with a source; undefined if nothing is. `reasonWords` says why. */
export function problemWords(status: SourceStatus, now: number): string | undefined {
  const { lastSuccessAt, overdueSince, goneSince } = status
  const sentences: string[] = []
  const attempt = attemptWords(status, now)
  if (attempt !== undefined) sentences.push(attempt)
  if (goneSince !== undefined)
    sentences.push(`the repository holds no snapshot of it any more (since ${utcWords(goneSince)})`)
  if (overdueSince !== undefined)
    sentences.push(`${expectationWords(status, now)}, overdue for ${spanWords(now - overdueSince)}`)
  if (sentences.length > 0 && lastSuccessAt === undefined) sentences.push('it never succeeded')
  return sentences.length === 0 ? undefined : sentences.join('; ')
}

/** A schedule can leave out nights and weekends, so its times say more than an interval. */
function expectationWords({ deadline, expectedInterval }: SourceStatus, now: number): string {
  if (deadline.origin === 'policy' && deadline.dueAt !== undefined)
    return `due ${agoWords(deadline.dueAt, now)} by its schedule`
  if (deadline.origin === 'never') return 'no success within a day'
  if (expectedInterval === undefined) return 'its expected interval is unknown'
  return `expected every ${intervalWords(expectedInterval.seconds)}`
}

function attemptWords(status: SourceStatus, now: number): string | undefined {
  const { lastAttempt, consecutiveFailures, unprovenSince, reason } = status
  if (unprovenSince !== undefined)
    return `the last attempt reported a success ${agoWords(unprovenSince, now)}, but nothing proves it`
  if (lastAttempt === undefined || lastAttempt.outcome === 'success') return undefined
  const end = lastAttempt.outcome === 'incomplete' ? 'stopped before it was complete' : 'failed'
  const times = consecutiveFailures > 1 ? `, ${countWords(consecutiveFailures)} times in a row` : ''
  const files = reason === undefined ? lastAttempt.errors.fatal : 0
  const unread = files > 0 ? `: ${pluralWords(files, 'file')} could not be read` : ''
  return `the last attempt ${end} ${agoWords(lastAttempt.endedAt, now)}${times}${unread}`
}

/** Why the last attempt made no complete backup, fit to print; undefined if it did, or if nothing is known. */
export function reasonWords({ reason }: SourceStatus): string | undefined {
  return reason === undefined ? undefined : visible(reason)
}

/** `running for 3 d, unusually long`; undefined if nothing runs. */
export function runningWords({ runningSince, stuckSince }: SourceStatus, now: number): string | undefined {
  if (runningSince === undefined) return undefined
  const stuck = stuckSince === undefined ? '' : ', unusually long'
  return `running for ${spanWords(now - runningSince)}${stuck}`
}

/** What a failed command is told with: `the last "kopia snapshot create" failed: Kopia ended with: …`. */
export function commandWords({ command, reason }: FailedCommand): string {
  return visible(`the last "kopia ${command}" failed${reason === undefined ? '' : `: ${reason}`}`)
}

/** That Kopia is connected to another repository, and what to do; undefined if it is not. */
export function changedRepositoryWords({ repository }: Status): string | undefined {
  const { status, changedTo } = repository
  if (changedTo === undefined) return undefined
  const known = status === undefined ? '' : ` (${status.repositoryId})`
  return visible(
    `Kopia is connected to another repository (${changedTo.repositoryId}) than the one known here${known}: ` +
      'connect it to the known one again, or run "kopia-metrics-agent forget --sources" to accept the other one',
  )
}

/** `2026-11-24 09:03 UTC`, from Unix seconds. */
export function utcWords(at: number): string {
  return `${new Date(at * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

function pair(whole: number, large: number, largeUnit: string, small: number, smallUnit: string): string {
  const rest = Math.floor((whole % large) / small)
  return `${Math.floor(whole / large)} ${largeUnit}${rest > 0 ? ` ${rest} ${smallUnit}` : ''}`
}
