// How long a cron expression may keep silent.

import cron from 'node-cron'

/** The longest of the next 40 gaps, in seconds; undefined for an expression that is not understood here. */
export function cronGapSeconds(expression: string): number | undefined {
  if (!cron.validate(expression)) return undefined
  const task = cron.createTask(expression, () => undefined)
  const times = task.getNextRuns(40).map((date) => date.getTime() / 1000)
  void task.destroy()
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? time))
  return gaps.length === 0 ? undefined : Math.max(...gaps)
}
