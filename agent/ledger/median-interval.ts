// The usual time between two backups, learned from when they happened.

/** Uses the last 10 gaps at most; fewer than 2 are no pattern. */
const gaps = { most: 10, least: 2 } as const

/** The median of the last gaps in seconds, undefined where there are too few. `times` are Unix seconds, oldest first. */
export function usualIntervalSeconds(times: readonly number[]): number | undefined {
  const recent = times.slice(-gaps.most - 1)
  const sorted = recent
    .slice(1)
    .map((time, index) => time - (recent[index] ?? time))
    .sort((one, other) => one - other)
  if (sorted.length < gaps.least) return undefined
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
}
