// When to look at the open runs again. Nothing reports that a process has ended, so it is looked at while it runs.

/** An open run, as far as the next look depends on it. */
export type WatchedRun = {
  readonly command: string
  /** Since when nothing but the end of the process is awaited, in Unix seconds; undefined before. */
  readonly nearEndSince: number | undefined
}

type LookFacts = {
  readonly openRuns: readonly WatchedRun[]
  readonly isAttemptRunning: boolean
  /** Whether attempts wait for a later answer of the repository. */
  readonly isWaiting: boolean
  readonly nowSeconds: number
}

/** Milliseconds between two looks. */
const intervalMs = {
  /** The process usually ends within milliseconds after its last line. */
  nearEnd: 25,
  running: 250,
  /** Automatic maintenance can follow the backup in the same process for hours. */
  longAfterEnd: 1000,
  /** A server that takes no snapshot. */
  idleServer: 2000,
  /** Soon enough to notice that an attempt has waited for too long. */
  waiting: 30_000,
} as const

/** How long, in seconds, the end may be near until looks become less frequent. */
const nearEndSeconds = 2
const longAfterEndSeconds = 60

/** Milliseconds until the next look; undefined where no run is open and no attempt waits. */
export function nextLookMs({
  openRuns,
  isAttemptRunning,
  isWaiting,
  nowSeconds,
}: LookFacts): number | undefined {
  const intervals = openRuns.map((run) => intervalOf(run, isAttemptRunning, nowSeconds))
  if (isWaiting) intervals.push(intervalMs.waiting)
  return intervals.length === 0 ? undefined : Math.min(...intervals)
}

function intervalOf({ command, nearEndSince }: WatchedRun, isAttemptRunning: boolean, now: number): number {
  if (command === 'server-start') return isAttemptRunning ? intervalMs.running : intervalMs.idleServer
  if (nearEndSince === undefined) return intervalMs.running
  // A clock that was set back must not bring the shortest interval back for hours.
  const seconds = Math.abs(now - nearEndSince)
  if (seconds <= nearEndSeconds) return intervalMs.nearEnd
  return seconds <= longAfterEndSeconds ? intervalMs.running : intervalMs.longAfterEnd
}
