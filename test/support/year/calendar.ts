// The year's clock: 2029 begins on a Monday, and its local time has summer. Times are Unix seconds.

export const minute = 60
export const hour = 3600
export const day = 86_400

export const yearBegins = Date.UTC(2029, 0, 1) / 1000
export const daysOfYear = 365

/** When the clock goes forward, and when back again (01:00 UTC on the last Sundays of March and October). */
export const summer = { from: at(83) + hour, until: at(300) + hour } as const

/** A moment by the days since the year began; fractions are times of day. */
export function at(days: number): number {
  return yearBegins + Math.round((days * day) / minute) * minute
}

/** What a schedule goes by. */
export type LocalHour = {
  readonly day: number
  /** 0 is Monday. */
  readonly weekday: number
  readonly hour: number
}

/**
 * The local hours that begin at this full hour: one; two when the clock goes forward, since schedulers run then what was
 * due in the hour that is not there; none when an hour comes for the second time.
 */
export function localHoursAt(time: number): readonly LocalHour[] {
  if (time === summer.from) return [localHour(time), localHour(time + hour)]
  if (time === summer.until) return []
  return [localHour(time >= summer.from && time < summer.until ? time + hour : time)]
}

function localHour(localTime: number): LocalHour {
  const hours = (localTime - yearBegins) / hour
  const dayOfYear = Math.floor(hours / 24)
  return { day: dayOfYear, weekday: dayOfYear % 7, hour: hours % 24 }
}
