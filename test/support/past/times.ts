// Times of past and coming backups, by plain counting: the agent works them out in another way. Times in Unix seconds.

const quarter = 900
export const hour = 3600
export const day = 24 * hour

/** Whether a backup is made at this full hour (UTC). */
export type Timetable = (at: number) => boolean

const hourOf = (at: number) => new Date(at * 1000).getUTCHours()
const isWorkday = (at: number) => {
  const weekday = new Date(at * 1000).getUTCDay()
  return weekday >= 1 && weekday <= 5
}

/** UTC has no clock changes, so each week is like the one before, whenever the tests run. */
export const timetables = {
  officeHours: (at) => isWorkday(at) && hourOf(at) >= 9 && hourOf(at) <= 14,
  nightly: (at) => hourOf(at) === 22,
  workNights: (at) => isWorkday(at) && hourOf(at) === 22,
} as const satisfies Record<string, Timetable>

/** The last time of the timetable until `until`. */
export function lastTime(timetable: Timetable, until: number): number {
  let at = Math.floor(until / hour) * hour
  while (!timetable(at)) at -= hour
  return at
}

/** The first time of the timetable after `after`. */
export function nextTime(timetable: Timetable, after: number): number {
  let at = Math.floor(after / hour) * hour + hour
  while (!timetable(at)) at += hour
  return at
}

/** The times of the timetable in the `days` before `last`, and `last` itself; oldest first. */
export function timesUntil(timetable: Timetable, last: number, days: number): readonly number[] {
  const hours = Array.from({ length: days * 24 + 1 }, (_, index) => last - (days * 24 - index) * hour)
  return hours.filter(timetable)
}

/** What the clock on a wall shows: `Mon`, and `06:30`. */
export type WallTime = { readonly weekday: string; readonly time: string }

/** The first quarter of an hour after `after` at which the clocks of the time zone show what is wanted. */
export function nextWallTime(zone: string, after: number, isWanted: (wall: WallTime) => boolean): number {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
  })
  const first = Math.floor(after / quarter) + 1
  for (let at = first * quarter; at < after + 14 * day; at += quarter) {
    const parts = new Map(format.formatToParts(at * 1000).map(({ type, value }) => [type, value]))
    const wall = { weekday: parts.get('weekday') ?? '', time: `${parts.get('hour')}:${parts.get('minute')}` }
    if (isWanted(wall)) return at
  }
  throw new Error(`the clocks of ${zone} do not show what is wanted within two weeks`)
}
