// When to try again: growing waits, so that a gateway that comes back is not run over.

const firstWaitMs = 1000
const longestWaitMs = 60_000

/**
 * Milliseconds to wait after the `failures`th failure in a row (1 and up). `random` in [0, 1) spreads a
 * fleet that lost the same gateway: the wait is between half of the full one and all of it.
 */
export function retryWaitMs(failures: number, random: number): number {
  const full = Math.min(longestWaitMs, firstWaitMs * 2 ** (failures - 1))
  return full * (0.5 + random / 2)
}
