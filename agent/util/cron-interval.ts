// How long cron expressions may keep silent.

import { Cron } from 'croner'

/** Always the same, so that the answer does not depend on when it is asked. No clock changes in the weeks after it. */
const start = new Date(2024, 0, 1)
/** So many runs from there: what runs seldom has its long months among them, and leap years. */
const runsAhead = 40
/** What runs every few minutes of a working day keeps silent at night and at the week-end, so many hours are looked at. */
const hoursAhead = 8 * 24
const hourMs = 3_600_000

const known = new Map<string, number | undefined>()

/**
 * The longest gap, in seconds, when something runs as each of the expressions says; undefined where none is understood.
 * 10,000 sources share a policy, so answers are remembered.
 */
export function cronGapSeconds(expressions: readonly string[]): number | undefined {
  const key = expressions.join('\n')
  if (!known.has(key)) known.set(key, longestGapSeconds(expressions))
  return known.get(key)
}

/** Whether it is an expression of five fields, or of six with the seconds first. */
export function isCron(expression: string): boolean {
  return parse(expression) !== undefined
}

/** The last time before `nowMs` at which the expression runs, in Unix milliseconds; undefined where there is none. */
export function previousRunMs(expression: string, nowMs: number): number | undefined {
  return parse(expression)?.previousRuns(1, new Date(nowMs))[0]?.getTime()
}

function longestGapSeconds(expressions: readonly string[]): number | undefined {
  const crons = expressions
    .map(parse)
    .filter((cron) => cron !== undefined)
    .filter((cron) => cron.nextRun(start) !== null)
  const gaps = [...gapsAhead(crons), ...gapsAroundHours(crons)]
  return gaps.length === 0 ? undefined : Math.max(...gaps) / 1000
}

/** Never started: it is only asked. */
function parse(expression: string): Cron | undefined {
  try {
    return new Cron(expression, { paused: true })
  } catch {
    return undefined
  }
}

/** Between the next runs, as far as they are known of each. */
function gapsAhead(crons: readonly Cron[]): readonly number[] {
  const runs = crons.map((cron) => timesOf(cron.nextRuns(runsAhead, start)))
  const end = Math.min(...runs.map((times) => times.at(-1) ?? 0))
  const together = runs
    .flat()
    .filter((time) => time <= end)
    .sort((one, other) => one - other)
  return together.slice(1).map((time, index) => time - (together[index] ?? time))
}

/** A gap of more than an hour lies around the first second of one. */
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
