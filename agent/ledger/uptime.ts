// When a machine that sleeps was awake in the last four weeks, in quarters of an hour: overdue backups are judged by it.

export const quarterSeconds = 900
const keptSeconds = 28 * 86_400

/** The quarters of an hour in which the agent ran, counted from the Unix epoch, oldest first. */
export type UptimeQuarters = readonly number[]

/** Adds the quarter of this moment, and drops those older than four weeks. */
export function withMoment(quarters: UptimeQuarters, nowSeconds: number): UptimeQuarters {
  const quarter = Math.floor(nowSeconds / quarterSeconds)
  if (quarters.at(-1) === quarter) return quarters
  const oldest = quarter - keptSeconds / quarterSeconds
  return [...quarters.filter((one) => one > oldest && one < quarter), quarter]
}
