// When Kopia takes snapshots of a source: its effective schedule, and the times that it asks for.

import { type CronGaps, cronGaps, nextRunSeconds } from '../../util/cron-times.ts'

/** Kopia runs at whichever comes first, the interval or a time of the timetable. One of the two is there. */
export type Schedule = {
  /** Seconds from the start of a snapshot to the next. */
  readonly intervalSeconds?: number
  /** Cron expressions in local time, those of the times of day included. */
  readonly timetable: readonly string[]
  /** Whether a time that was missed is made up for at once, and not at the next time. */
  readonly runsMissed: boolean
}

/** The longest and the shortest time between two snapshots; undefined if it asks for nothing, such as for the 30th of February. */
export function gapsOf({ intervalSeconds, timetable }: Schedule): CronGaps | undefined {
  const ofTimetable = cronGaps(timetable)
  const gaps = [
    ...(intervalSeconds === undefined
      ? []
      : [{ longestSeconds: intervalSeconds, shortestSeconds: intervalSeconds }]),
    ...(ofTimetable === undefined ? [] : [ofTimetable]),
  ]
  if (gaps.length === 0) return undefined
  return {
    longestSeconds: Math.min(...gaps.map(({ longestSeconds }) => longestSeconds)),
    shortestSeconds: Math.min(...gaps.map(({ shortestSeconds }) => shortestSeconds)),
  }
}

/**
 * The first time after `after` (Unix seconds) that the schedule asks for; undefined if there is none. Kopia rounds intervals
 * down to multiples since the year 1 (NextSnapshotTime in snapshot/policy/scheduling_policy.go). The agent does not: who runs
 * `snapshot create` daily at 23:00 beside an interval of a day would be due an hour later.
 */
export function nextTimeOf(
  schedule: Schedule,
  after: number,
  timeZone: string | undefined,
): number | undefined {
  const times = [
    schedule.intervalSeconds === undefined ? undefined : after + schedule.intervalSeconds,
    nextRunSeconds(schedule.timetable, after, timeZone),
  ].filter((time) => time !== undefined)
  return times.length === 0 ? undefined : Math.min(...times)
}

/**
 * When the next snapshot is due after one from `startedAt` to `endedAt` (Unix seconds); undefined if there is none. A snapshot that
 * reaches beyond the next time is followed by the next one at once, or at the time after that, by `runsMissed`.
 */
export function nextDueOf(
  schedule: Schedule,
  { startedAt, endedAt }: { readonly startedAt: number; readonly endedAt: number },
  timeZone: string | undefined,
): number | undefined {
  const next = nextTimeOf(schedule, startedAt, timeZone)
  if (next === undefined || next >= endedAt) return next
  const isMadeUpFor = schedule.runsMissed || schedule.intervalSeconds !== undefined
  return isMadeUpFor ? endedAt : nextTimeOf(schedule, endedAt, timeZone)
}
