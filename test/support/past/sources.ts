// Sources with a past of every kind, and what their deadlines must be, by arithmetic on their timetables.

import {
  day,
  hour,
  lastTime,
  nextTime,
  nextWallTime,
  timesUntil,
  timetables,
  type WallTime,
} from './times.ts'

/** How an agent is started. */
export type AgentSetup = {
  /** A name of the time zone database. */
  readonly zone: string
  readonly grace: number
}

/** Times in Unix seconds. */
export type Expected = { readonly origin: string; readonly at: number; readonly dueAt?: number }

export type PastSource = {
  readonly name: string
  /** Starts of the snapshots. */
  readonly starts: readonly number[]
  /** How long each took. */
  readonly seconds: number
  /** Fields of Kopia's policy. */
  readonly scheduling?: Readonly<Record<string, unknown>>
  readonly expected: (setup: AgentSetup) => Expected
}

/** The intervals that each agent is started with; a schedule in a policy is stronger. */
export const expectedIntervals = '*:/**/configured=12h,*:/**/every-8-hours=2d'

const usualSeconds = 300

/** The sources, whose newest snapshots are from before `now`. */
export function pastSources(now: number): readonly PastSource[] {
  const finishedBy = now - 2 * usualSeconds
  const night = lastTime(timetables.nightly, finishedBy)
  return [...learnedSources(finishedBy, night), ...unknownSources(night), ...scheduledSources(now, night)]
}

/** Two weeks before the last success tell what the next two hold. */
function learnedSources(finishedBy: number, night: number): readonly PastSource[] {
  const office = lastTime(timetables.officeHours, finishedBy)
  const workNight = lastTime(timetables.workNights, finishedBy)
  const nights = timesUntil(timetables.nightly, night, 14)
  return [
    // A success within an hour and a half counts as the same one, so the one after it is waited for.
    source('office-hours', timesUntil(timetables.officeHours, office, 14), (end, { grace }) =>
      learned(end, hour, grace, nextTime(timetables.officeHours, office + 1.5 * hour) + usualSeconds),
    ),
    source('nightly', nights, (end, { grace }) => learned(end, day, grace, end + day)),
    source('workdays', timesUntil(timetables.workNights, workNight, 14), (end, { grace }) =>
      learned(end, day, grace, nextTime(timetables.workNights, workNight + 12 * hour) + usualSeconds),
    ),
    source('weekly', daysBefore(night, 28, 21, 14, 7, 0), (end, { grace }) => learned(end, 7 * day, grace)),
    source('monthly', daysBefore(night, 93, 62, 32, 2), (end, { grace }) => learned(end, 30 * day, grace)),
    source('irregular', daysBefore(night, 40, 33, 20, 3), (end, { grace }) => learned(end, 13 * day, grace)),
    source('abandoned', daysBefore(night, 35, 28, 21), (end, { grace }) => learned(end, 7 * day, grace)),
    {
      ...source('by-hand', nights, (end, { grace }) => learned(end, day, grace, end + day)),
      scheduling: { manual: true },
    },
    source('configured', nights, (end, { grace }) => ({
      origin: 'configured',
      dueAt: night + 12 * hour,
      at: Math.max(night + 12 * hour + grace * 12 * hour, end + 12 * hour) + hour,
    })),
  ]
}

/** Sources of which too little is known. */
function unknownSources(night: number): readonly PastSource[] {
  const assumed = (end: number) => ({ origin: 'assumed', at: end + 46.5 * day })
  return [
    source('young', daysBefore(night, 4, 3, 2, 1, 0), (end) => ({
      origin: 'learned',
      dueAt: end + day,
      at: end + 4 * day + 3 * day,
    })),
    source('once', daysBefore(night, 5), assumed),
    source('twice', daysBefore(night, 9, 5), assumed),
  ]
}

/** Their times of day are far from midnight and from clock changes. */
function scheduledSources(now: number, night: number): readonly PastSource[] {
  const atHalfPastSixOrInTheEvening = ({ time }: WallTime) => time === '06:30' || time === '18:45'
  const atNoonOfWorkdays = ({ weekday, time }: WallTime) =>
    time === '12:30' && weekday !== 'Sat' && weekday !== 'Sun'
  const byClock = (
    end: number,
    { zone, grace }: AgentSetup,
    least: number,
    is: (wall: WallTime) => boolean,
  ) => {
    const dueAt = nextWallTime(zone, night, is)
    const gap = Math.min(nextWallTime(zone, dueAt, is) - dueAt, day)
    return { origin: 'policy', dueAt, at: Math.max(dueAt + grace * gap, end + least) + hour }
  }
  const long = Math.floor(now) - 10 * hour
  return [
    {
      ...source('times-of-day', [night], (end, setup) =>
        byClock(end, setup, 11.75 * hour, atHalfPastSixOrInTheEvening),
      ),
      scheduling: {
        timeOfDay: [
          { hour: 6, min: 30 },
          { hour: 18, min: 45 },
        ],
      },
    },
    {
      ...source('crontab', [night], (end, setup) => byClock(end, setup, day, atNoonOfWorkdays)),
      scheduling: { cron: ['30 12 * * 1-5 # workdays'] },
    },
    {
      ...source('every-8-hours', [night], (end, { grace }) => ({
        origin: 'policy',
        dueAt: night + 8 * hour,
        at: Math.max(night + 8 * hour + grace * 8 * hour, end + 8 * hour) + hour,
      })),
      scheduling: { intervalSeconds: 8 * hour },
    },
    {
      // The next one may take three hours as well.
      ...source('long-runs', [long], () => ({
        origin: 'policy',
        // It reached beyond the next time, so the next one follows at once; a gap and an hour later it is overdue.
        dueAt: long + 3 * hour,
        at: long + 3 * hour + hour + hour,
      })),
      seconds: 3 * hour,
      scheduling: { intervalSeconds: hour },
    },
  ]
}

function source(
  name: string,
  starts: readonly number[],
  expectedAfter: (end: number, setup: AgentSetup) => Expected,
): PastSource {
  const end = (starts.at(-1) ?? 0) + usualSeconds
  return { name, starts, seconds: usualSeconds, expected: (setup) => expectedAfter(end, setup) }
}

/** `next` is the end of the next success where nights and weekends are off; it may come three hours late. */
function learned(end: number, interval: number, grace: number, next = 0): Expected {
  const byInterval = end + interval + grace * interval + hour
  return { origin: 'learned', dueAt: end + interval, at: Math.max(byInterval, next + 3 * hour) }
}

function daysBefore(last: number, ...days: readonly number[]): readonly number[] {
  return days.map((count) => last - count * day)
}
