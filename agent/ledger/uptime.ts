// When a machine that sleeps was awake, as far as judging its backups needs it: the quarters of an hour of a week.

export const quarterSeconds = 900
const keptSeconds = 7 * 86_400

/** Quarters of an hour, counted in Unix time, in which the agent ran; the oldest first. */
export type UptimeQuarters = readonly number[]

/** With this moment, and without what is older than a week. */
export function withMoment(quarters: UptimeQuarters, nowSeconds: number): UptimeQuarters {
  const quarter = Math.floor(nowSeconds / quarterSeconds)
  if (quarters.at(-1) === quarter) return quarters
  const oldest = quarter - keptSeconds / quarterSeconds
  return [...quarters.filter((one) => one > oldest && one < quarter), quarter]
}

/** Seconds in which it was awake from `since` on, in whole quarters of an hour. */
export function uptimeSecondsSince(quarters: UptimeQuarters, since: number): number {
  return quarters.filter((quarter) => quarter * quarterSeconds > since).length * quarterSeconds
}
