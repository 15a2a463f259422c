// Waits for a condition, with a deadline that only a real fault reaches.

import { setTimeout as sleep } from 'node:timers/promises'

const deadlineMs = 60_000
const shortestIntervalMs = 20
const longestIntervalMs = 200

/**
 * Calls `probe` until it returns a value other than undefined, and resolves with that value. Rejects after a minute with
 * `what` and, if `probe` threw, the last error.
 */
export async function waitFor<T>(
  what: string,
  probe: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const begunAt = Date.now()
  let lastError: unknown
  for (;;) {
    try {
      const value = await probe()
      if (value !== undefined) return value
    } catch (error) {
      lastError = error
    }
    const waitedMs = Date.now() - begunAt
    if (waitedMs > deadlineMs) break
    // A probe often scrapes a service: the longer the wait, the less often, so that probes do not slow down what they wait for.
    await sleep(Math.min(longestIntervalMs, Math.max(shortestIntervalMs, waitedMs / 10)))
  }
  throw new Error(`${what}: this did not happen within ${deadlineMs / 1000} s`, { cause: lastError })
}
