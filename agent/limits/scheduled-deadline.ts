// The deadline of a source with a schedule: the next time that it asks for, and a grace.

import { gapsOf, nextDueOf, nextTimeOf, type Schedule } from '../kopia/cli/schedule.ts'

const hour = 3600
const day = 24 * hour
/** For jitter, and for what a person starts by hand. */
const slackSeconds = hour

/** Times in Unix seconds. */
type Success = { readonly startedAt: number; readonly endedAt: number }

type Grace = {
  /** The share of the time to the backup after the next one, of which a day counts at most. */
  readonly factor: number
  /** The longest good run: the next one may take as long. */
  readonly longestSeconds: number
}

/**
 * When a source with this last success is due and overdue; undefined if the schedule asks for nothing any more. A backup by
 * hand, or a schedule in another time zone, lies between two times of the schedule: so the deadline is never earlier than the
 * shortest gap of the schedule after the success.
 */
export function scheduledDeadline(
  schedule: Schedule,
  success: Success,
  grace: Grace,
  timeZone: string | undefined,
): { readonly at: number; readonly dueAt: number } | undefined {
  const dueAt = nextDueOf(schedule, success, timeZone)
  if (dueAt === undefined) return undefined
  const following = nextTimeOf(schedule, dueAt, timeZone) ?? dueAt + day
  const share = grace.factor * Math.min(following - dueAt, day)
  const byTimetable = dueAt + Math.max(share, grace.longestSeconds)
  const byGap = success.endedAt + (gapsOf(schedule)?.shortestSeconds ?? 0)
  return { at: Math.max(byTimetable, byGap) + slackSeconds, dueAt }
}
