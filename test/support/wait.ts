// Waiting for a condition, with a deadline that only a real fault reaches.

import { setTimeout as sleep } from 'node:timers/promises'

const deadlineMs = 60_000
const intervalMs = 20

/**
 * Asks `probe` until it gives a value other than undefined, and resolves with it. Rejects after a minute,
 * saying what was waited for and, if `probe` threw, why.
 */
export async function waitFor<T>(
  what: string,
  probe: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const deadline = Date.now() + deadlineMs
  let lastError: unknown
  while (Date.now() < deadline) {
    try {
      const value = await probe()
      if (value !== undefined) return value
    } catch (error) {
      lastError = error
    }
    await sleep(intervalMs)
  }
  throw new Error(`${what}: it did not happen within ${deadlineMs / 1000} s`, { cause: lastError })
}
