// What happens at fixed times: a cron expression, and an offset that spreads a fleet.

import { createHash } from 'node:crypto'
import { Cron } from 'croner'
import type { Log } from '../util/log.ts'

export type Schedule = { readonly stop: () => void }

/** What is to happen at night, or once a month, happens about then on every machine. */
const longestOffsetMs = 3_600_000

/**
 * Runs `task` as the cron expression says, in local time, each time later by an offset that is fixed for `instance`, so
 * that a fleet with one configuration does not do it at once.
 */
export function schedule(
  expression: string,
  instance: string,
  log: Log,
  task: () => Promise<void>,
): Schedule {
  const delays = new Set<NodeJS.Timeout>()
  const scheduled = new Cron(expression, () => {
    const delay = setTimeout(
      () => {
        delays.delete(delay)
        task().catch((error: unknown) => log.error(`The schedule ${expression} failed once: ${error}`))
      },
      offsetMs(instance, scheduled.msToNext() ?? 0),
    )
    delays.add(delay)
  })
  return {
    stop: () => {
      for (const delay of delays) clearTimeout(delay)
      scheduled.stop()
    },
  }
}

/** Within the time to the next run, and within an hour. */
export function offsetMs(instance: string, toNextMs: number): number {
  return shareOf(instance) * Math.min(toNextMs, longestOffsetMs)
}

/** The same number in [0, 1) for the same name, evenly spread over names. */
export function shareOf(name: string): number {
  return createHash('sha256').update(name).digest().readUInt32BE(0) / 2 ** 32
}
