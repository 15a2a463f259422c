// The times at which cron expressions run, and the gaps between them.

import { Cron } from 'croner'

/** A fixed time, so that the result is always the same. No time zone changes its clocks in the weeks after it. */
const start = new Date(2024, 0, 1)
/** For rare runs: 40 of them include the long months and leap years. */
const runsAhead = 40
/** For frequent runs: their gaps are nights and weekends, so look at each hour of more than a week. */
const hoursAhead = 8 * 24
const hourMs = 3_600_000

export type CronGaps = { readonly longestSeconds: number; readonly shortestSeconds: number }

/** Remembered, since 10,000 sources may share a policy. */
const knownGaps = new Map<string, CronGaps | undefined>()

/** The longest and the shortest gap between the runs of all expressions together; undefined if none of them is valid. */
export function cronGaps(expressions: readonly string[]): CronGaps | undefined {
  const key = expressions.join('\n')
  if (!knownGaps.has(key)) knownGaps.set(key, gapsBetweenRuns(expressions))
  return knownGaps.get(key)
}

/**
 * The first time after `after` (Unix seconds) at which one of the expressions runs in the time zone; undefined where there is
 * none. A time that a clock change skips does not come on that day, one that it repeats comes once. Croner takes 0.1 ms for a
 * time zone, and sources that share a schedule mostly share the answer: the same one holds for every time between.
 */
export function nextRunSeconds(
  expressions: readonly string[],
  after: number,
  timeZone: string | undefined,
): number | undefined {
  const key = [timeZone, ...expressions].join('\n')
  const answers = knownAnswers.get(key) ?? []
  const known = answers.find(({ from, next }) => from <= after && after < next)
  if (known !== undefined) return known.next
  const next = earliestRunSeconds(expressions, after, timeZone)
  if (next !== undefined) knownAnswers.set(key, [...answers, { from: after, next }].slice(-mostAnswers))
  return next
}

type Answer = { readonly from: number; readonly next: number }

const knownAnswers = new Map<string, readonly Answer[]>()
const mostAnswers = 20

function earliestRunSeconds(
  expressions: readonly string[],
  after: number,
  timeZone: string | undefined,
): number | undefined {
  const times = expressions
    .map((expression) => nextRunOf(parse(expression, timeZone), new Date(after * 1000)))
    .filter((date) => date !== undefined)
    .map((date) => date.getTime() / 1000)
  return times.length === 0 ? undefined : Math.min(...times)
}

/** Croner moves a time that a clock change skips to after it; Kopia leaves it out (SLOW_CLOCK in cronexpr.go). */
function nextRunOf(cron: Cron | undefined, after: Date): Date | undefined {
  let next = cron?.nextRun(after)
  while (next != null && cron?.match(next) === false) next = cron.nextRun(next)
  return next ?? undefined
}

/** Whether the text is a cron expression of five fields, or of six with the seconds first. */
export function isCron(expression: string): boolean {
  return parse(expression) !== undefined
}

/** The last time before `nowMs` at which the expression runs, in Unix milliseconds; undefined where there is none. */
export function previousRunMs(expression: string, nowMs: number): number | undefined {
  return parse(expression)?.previousRuns(1, new Date(nowMs))[0]?.getTime()
}

function gapsBetweenRuns(expressions: readonly string[]): CronGaps | undefined {
  const crons = expressions
    .map((expression) => parse(expression))
    .filter((cron) => cron !== undefined)
    .filter((cron) => cron.nextRun(start) !== null)
  const gaps = [...gapsAhead(crons), ...gapsAroundHours(crons)].filter((gap) => gap > 0)
  if (gaps.length === 0) return undefined
  return { longestSeconds: Math.max(...gaps) / 1000, shortestSeconds: Math.min(...gaps) / 1000 }
}

/** Paused, since it only computes times and never runs anything. */
function parse(expression: string, timeZone?: string): Cron | undefined {
  try {
    return new Cron(expression, { paused: true, ...(timeZone !== undefined && { timezone: timeZone }) })
  } catch {
    return undefined
  }
}

/** The gaps between the next runs, up to where all expressions have runs. */
function gapsAhead(crons: readonly Cron[]): readonly number[] {
  const runs = crons.map((cron) => timesOf(cron.nextRuns(runsAhead, start)))
  const end = Math.min(...runs.map((times) => times.at(-1) ?? 0))
  const together = runs
    .flat()
    .filter((time) => time <= end)
    .sort((one, other) => one - other)
  return together.slice(1).map((time, index) => time - (together[index] ?? time))
}

/** Every gap of more than an hour contains the beginning of an hour. */
function gapsAroundHours(crons: readonly Cron[]): readonly number[] {
  const seconds = Array.from(
    { length: hoursAhead },
    (_, hour) => new Date(start.getTime() + hour * hourMs + 500),
  )
  return seconds.flatMap((second) => {
    const before = crons.flatMap((cron) => timesOf(cron.previousRuns(1, second)))
    const after = crons.flatMap((cron) => timesOf(cron.nextRuns(1, second)))
    return before.length > 0 && after.length > 0 ? [Math.min(...after) - Math.max(...before)] : []
  })
}

function timesOf(dates: readonly Date[]): readonly number[] {
  return dates.map((date) => date.getTime())
}
