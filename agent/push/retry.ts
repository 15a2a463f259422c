// The waits between retries. They grow, so that a fleet does not overload a gateway that comes back.

const firstWaitMs = 1000
const longestWaitMs = 60_000

/**
 * Milliseconds to wait after the `failures`th failure in a row, counted from 1. `random` in [0, 1) spreads the retries of
 * a fleet: the wait is between half of the full wait and all of it.
 */
export function retryWaitMs(failures: number, random: number): number {
  const full = Math.min(longestWaitMs, firstWaitMs * 2 ** (failures - 1))
  return full * (0.5 + random / 2)
}
