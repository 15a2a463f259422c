// Whether backups start at the times of their schedules as the agent reads them: a container often has another time zone.

import { effectivePolicyFor, type Policy } from '../kopia/cli/policies.ts'
import { nextTimeOf } from '../kopia/cli/schedule.ts'
import { bySource, type Snapshot } from '../kopia/cli/snapshots.ts'
import { formatSource } from '../kopia/source.ts'
import { durationWords } from '../status/words.ts'
import { type Finding, ok, warning } from './finding.ts'

/** A server starts a snapshot within seconds; one that waits for others starts later. */
const punctualSeconds = 600
/** Fewer are no pattern. */
const startsNeeded = 4
const quarter = 900
/** From the least difference to the greatest: time zones reach from 12 hours behind to 14 ahead. */
const offsets = Array.from({ length: 26 * 4 }, (_, index) => (index + 1) * quarter).flatMap((seconds) => [
  seconds,
  -seconds,
])

const subject = 'time zone'

/** Compares the last snapshots of each source with the times of day and crontabs of its policies. */
export function checkTimeZone(
  snapshots: readonly Snapshot[],
  policies: readonly Policy[],
  timeZone: string | undefined,
): Finding {
  const place = timeZone ?? 'the local time zone'
  const differing = [...bySource(snapshots).values()].flatMap((ofSource) => {
    const starts = ofSource.slice(-startsNeeded).map(({ startedAt }) => startedAt)
    const [first] = ofSource
    if (first === undefined || starts.length < startsNeeded) return []
    const offset = offsetOf(starts, timetableFor(policies, first), timeZone)
    return offset === undefined ? [] : [{ source: first.source, offset }]
  })
  const [one] = differing
  // A source that waits for others starts late; in a wrong time zone none is punctual.
  if (one === undefined || differing.some(({ offset }) => offset === 0)) return ok(subject, place)
  return warning(
    subject,
    `the backups of ${formatSource(one.source)} start ${durationWords(Math.abs(one.offset))} ` +
      `${one.offset > 0 ? 'after' : 'before'} the times of their schedule in ${place}`,
    "if Kopia runs elsewhere or in a container, give the agent Kopia's time zone: set TZ, such as TZ=Europe/Berlin",
  )
}

function timetableFor(policies: readonly Policy[], { source }: Snapshot): readonly string[] {
  return effectivePolicyFor(policies, source).schedule?.timetable ?? []
}

/** By how many seconds all starts are later than times of the timetable; undefined if they do not follow it. */
function offsetOf(
  starts: readonly number[],
  timetable: readonly string[],
  timeZone: string | undefined,
): number | undefined {
  if (timetable.length === 0) return undefined
  const follows = (offset: number) =>
    starts.every((start) => {
      const latest = start - offset
      const time = nextTimeOf({ timetable, runsMissed: true }, latest - punctualSeconds, timeZone)
      return time !== undefined && time <= latest
    })
  return [0, ...offsets].find(follows)
}
