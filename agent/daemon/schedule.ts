// Tasks at fixed times: a cron expression, and an offset per instance that spreads a fleet.

import { createHash } from 'node:crypto'
import { schedule as scheduleCron } from 'node-cron'
import { previousRunMs } from '../util/cron-times.ts'
import type { Log } from '../util/log.ts'
import { createAlarm, pause } from './timers.ts'

type ScheduleOptions = {
  readonly name: string
  /** Cron, in local time. */
  readonly expression: string
  /** The offset is fixed for it, so that a fleet with one configuration does not run the task at once. */
  readonly instance: string
  readonly signal: AbortSignal
  readonly log: Log
  /** Must not reject. */
  readonly task: () => Promise<void>
}

/** What is meant for the night, or for one day of the month, happens about then on every machine. */
const longestOffsetMs = 3_600_000
/** The rest of the interval is for the task itself: a run that reaches into the next one makes node-cron skip that. */
const largestShareOfInterval = 0.98

/** Runs the task by its schedule until the signal is aborted. Runs never overlap. */
export function schedule({ name, expression, instance, signal, log, task }: ScheduleOptions): void {
  if (signal.aborted) return
  const runAfter = async (delayMs: number) => {
    await pause(delayMs, signal)
    if (!signal.aborted) await task()
  }
  const scheduled = scheduleCron(expression, () => runAfter(offsetMs(instance, scheduled.msToNext() ?? 0)), {
    noOverlap: true,
    name,
    logger: log,
  })
  signal.addEventListener('abort', () => void scheduled.stop(), { once: true })
  const lateMs = lateRunMs(Date.now(), previousRunMs(expression, Date.now()), scheduled.msToNext(), instance)
  if (lateMs !== undefined) createAlarm(signal, () => void task()).set(lateMs)
}

/**
 * Milliseconds until the run whose time has come before the start and whose offset ends after it; undefined where there is
 * none. Without it the first run after a start could take an interval and an offset.
 */
export function lateRunMs(
  nowMs: number,
  previousMs: number | undefined,
  toNextMs: number | null,
  instance: string,
): number | undefined {
  if (previousMs === undefined || toNextMs === null) return undefined
  const dueMs = previousMs + offsetMs(instance, nowMs + toNextMs - previousMs)
  return dueMs > nowMs ? dueMs - nowMs : undefined
}

/** Within the time to the next run, and within an hour. */
export function offsetMs(instance: string, toNextMs: number): number {
  return shareOf(instance) * Math.min(largestShareOfInterval * toNextMs, longestOffsetMs)
}

/** The same number in [0, 1) for the same name, evenly spread over names. */
export function shareOf(name: string): number {
  return createHash('sha256').update(name).digest().readUInt32BE(0) / 2 ** 32
}
