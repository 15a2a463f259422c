// The deadline of a source without a schedule, learned from the times of its successes.

const hour = 3600
const day = 24 * hour
const week = 7 * day
/** For jitter. */
const slackSeconds = hour
/** For a slow day, and for a change of the clocks since. */
const looseSeconds = 3 * hour
/** A success so soon after the same time of the week counts as the same one, half a day at most. */
const jitter = { factor: 0.5, slackSeconds: hour, mostSeconds: 12 * hour } as const
/** Where too little is known: a long weekend beside four intervals. */
const unknownPattern = { factor: 4, slackSeconds: 3 * day } as const

/** Times in Unix seconds. */
type KnownSuccesses = {
  /** Ends of successes, oldest first. Retention has deleted some of those from before `watchedSince`. */
  readonly ends: readonly number[]
  readonly watchedSince: number
  /** The machine is off at irregular times, so its weeks say nothing of each other. */
  readonly sleeps: boolean
}

/**
 * When a source with this usual interval and this last success is due and overdue. The interval does not include nights and
 * weekends off. So both one and two weeks ago the next success must have been there, at the same time of the week.
 */
export function learnedDeadline(
  intervalSeconds: number,
  lastSuccessAt: number,
  grace: number,
  known: KnownSuccesses,
): { readonly at: number; readonly dueAt: number } {
  const dueAt = lastSuccessAt + intervalSeconds
  const byInterval = dueAt + grace * intervalSeconds + slackSeconds
  if (known.sleeps) return { at: byInterval, dueAt }
  const factor = Math.max(unknownPattern.factor, 1 + grace)
  const byGuess = lastSuccessAt + factor * intervalSeconds + unknownPattern.slackSeconds
  const soon = Math.min(jitter.factor * intervalSeconds + jitter.slackSeconds, jitter.mostSeconds)
  const nextAfter = (weeks: number) => {
    const then = lastSuccessAt + soon - weeks * week
    const next = known.ends.find((end) => end > then)
    return next === undefined ? undefined : next + weeks * week + looseSeconds
  }
  const twoWeeksBefore = lastSuccessAt + soon - 2 * week
  const [oldest = Infinity] = known.ends
  const [one, two] = [nextAfter(1), nextAfter(2)]
  if (oldest > twoWeeksBefore || one === undefined || two === undefined) return { at: byGuess, dueAt }
  const byWeeks = Math.max(byInterval, one, two)
  // What retention deleted looks like a pause.
  return { at: known.watchedSince <= twoWeeksBefore ? byWeeks : Math.min(byWeeks, byGuess), dueAt }
}
