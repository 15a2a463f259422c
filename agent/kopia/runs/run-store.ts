// Holds the runs that the tracker knows, in memory.

import { withoutAttempt } from './attempts.ts'
import type { Attempt } from './evidence.ts'
import type { FinishedAttempt } from './finished-attempt.ts'
import { isHookRun } from './hook-calls.ts'
import {
  asSettled,
  type OpenRun,
  type Run,
  type Runs,
  type SettledRun,
  type Telling,
  withSignOfLife,
} from './run.ts'

export type RunStore = {
  readonly runs: Runs
  readonly set: (runId: string, run: Run) => void
  readonly delete: (runId: string) => void
  readonly openRuns: () => readonly (readonly [string, OpenRun])[]
  /** Whether the log of the run is read on: it is new or open, or silence alone has ended it. */
  readonly isReadOn: (runId: string) => boolean
  /** When this process first learnt of the run, in Unix seconds. */
  readonly firstSeenAt: (runId: string) => number
  /** Moves signs of life out of the future, after the clock was set back. */
  readonly correctClock: () => void
  /** Marks an ended run as counted. */
  readonly settle: (runId: string, telling: Telling) => void
  /** Removes a counted attempt from an open run. */
  readonly settleAttempt: (runId: string, settled: Attempt, finished: FinishedAttempt | undefined) => void
  /** Forgets the settled runs that cannot be counted again, given the runs whose logs exist. */
  readonly forgetSettled: (runIdsOfLogs: ReadonlySet<string>) => void
}

/** A run that only hooks reported has no log whose removal shows that the run can be forgotten. */
const rememberHookRunsSeconds = 7 * 24 * 3600
/** No backup is silent for longer. */
const rememberReopeningSeconds = 7 * 24 * 3600

/** Creates a store that continues with the runs that the ledger remembers. */
export function createRunStore(known: Runs, nowSeconds: () => number): RunStore {
  const runs = new Map<string, Run>(known)
  const firstSeenAt = new Map<string, number>()
  const createdAt = nowSeconds()

  function set(runId: string, run: Run): void {
    if (run.state !== 'open') firstSeenAt.delete(runId)
    else if (!runs.has(runId)) firstSeenAt.set(runId, nowSeconds())
    runs.set(runId, run)
  }

  function openRuns(): readonly (readonly [string, OpenRun])[] {
    const open: [string, OpenRun][] = []
    for (const [runId, run] of runs) if (run.state === 'open') open.push([runId, run])
    return open
  }

  function correctClock(): void {
    for (const [runId, run] of openRuns()) runs.set(runId, withSignOfLife(run, 0, nowSeconds()))
  }

  function remove(runId: string): void {
    runs.delete(runId)
    firstSeenAt.delete(runId)
  }

  function settle(runId: string, telling: Telling): void {
    const run = runs.get(runId)
    if (run?.state === 'ended') set(runId, asSettled(run, telling))
  }

  function settleAttempt(runId: string, settled: Attempt, finished: FinishedAttempt | undefined): void {
    const run = runs.get(runId)
    if (run?.state === 'open') set(runId, withoutAttempt(run, settled, finished))
  }

  correctClock()
  return {
    runs,
    set,
    delete: remove,
    openRuns,
    isReadOn: (runId) => {
      const run = runs.get(runId)
      return run === undefined || run.state === 'open' || isReopenable(run)
    },
    firstSeenAt: (runId) => firstSeenAt.get(runId) ?? createdAt,
    correctClock,
    settle,
    settleAttempt,
    forgetSettled: (runIdsOfLogs) => {
      for (const [runId, run] of runs) {
        if (canBeForgotten(runId, run, runIdsOfLogs, nowSeconds())) remove(runId)
        else if (isReopenable(run) && nowSeconds() - run.endedAt > rememberReopeningSeconds)
          runs.set(runId, withoutReopening(run))
      }
    },
  }
}

/** Whether silence alone has ended the run, so that its log may still grow. */
export function isReopenable(run: Run | undefined): run is SettledRun & { readonly reopening: OpenRun } {
  return run?.state === 'settled' && run.reopening !== undefined
}

function withoutReopening({ reopening: _, ...run }: SettledRun): SettledRun {
  return run
}

/**
 * Whether a run is settled and cannot be read again. No log at all proves nothing: the log folder may be on a file system
 * that is not mounted at the moment.
 */
export function canBeForgotten(
  runId: string,
  run: Run,
  runIdsOfLogs: ReadonlySet<string>,
  nowSeconds: number,
): boolean {
  if (run.state !== 'settled') return false
  if (isHookRun(runId)) return nowSeconds - run.endedAt > rememberHookRunsSeconds
  return runIdsOfLogs.size > 0 && !runIdsOfLogs.has(runId)
}
