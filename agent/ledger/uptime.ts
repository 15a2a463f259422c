// When a machine that sleeps was awake in the last week, in quarters of an hour: overdue backups are judged by it.

const quarterSeconds = 900
const keptSeconds = 7 * 86_400

/** The quarters of an hour in which the agent ran, counted from the Unix epoch, oldest first. */
export type UptimeQuarters = readonly number[]

/** Adds the quarter of this moment, and drops those older than a week. */
export function withMoment(quarters: UptimeQuarters, nowSeconds: number): UptimeQuarters {
  const quarter = Math.floor(nowSeconds / quarterSeconds)
  if (quarters.at(-1) === quarter) return quarters
  const oldest = quarter - keptSeconds / quarterSeconds
  return [...quarters.filter((one) => one > oldest && one < quarter), quarter]
}

/** How many seconds the machine was awake after `since` (Unix seconds), in whole quarters of an hour. */
export function uptimeSecondsSince(quarters: UptimeQuarters, since: number): number {
  return quarters.filter((quarter) => quarter * quarterSeconds > since).length * quarterSeconds
}
