// The calendar of the simulated year. 2029 begins on a Monday, and local time has summer time. Times are Unix seconds.

export const minute = 60
export const hour = 3600
export const day = 86_400

export const yearBegins = Date.UTC(2029, 0, 1) / 1000
export const daysOfYear = 365

/** The clock goes forward and back at 01:00 UTC on the last Sundays of March and October. */
export const summer = { from: at(83) + hour, until: at(300) + hour } as const

/** The time that is this number of days after the start of the year. Fractions are times of day. */
export function at(days: number): number {
  return yearBegins + Math.round((days * day) / minute) * minute
}

/** A local hour, as schedules use it. */
export type LocalHour = {
  readonly day: number
  /** 0 is Monday. */
  readonly weekday: number
  readonly hour: number
}

/**
 * The local hours that begin at this full hour. Usually one. Two when the clock goes forward, because schedulers then run
 * the jobs of the skipped hour. None when an hour repeats in autumn.
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
