// Watches the processes of open runs: which are gone, and which may be gone because they are silent.

import { isHookRun } from './hook-calls.ts'
import type { Processes, ProcessIdentity } from './process.ts'
import {
  asEnded,
  type EndedRun,
  hasEnded,
  hasEndedUnread,
  isQuiet,
  mayHaveJustEnded,
  type OpenRun,
  wasSeenAlive,
} from './run.ts'
import type { RunReading } from './run-reader.ts'
import type { RunStore } from './run-store.ts'

type ProcessMonitor = {
  /** Looks at the process of each open run. Returns the ids of the runs whose process is not visible. */
  readonly findGone: () => readonly string[]
  /** Decides on a run whose process is not visible and whose log was read to its end; undefined if the run goes on. */
  readonly endIfOver: (reading: RunReading) => EndedRun | undefined
  /** Silent runs whose process was never seen, each as it would be if it had ended. */
  readonly quietRuns: () => readonly (readonly [string, EndedRun])[]
  /** Whether a run may just have ended, too short a time ago to be sure. */
  readonly hasJustWritten: () => boolean
}

/** How old a hook's call may be for the parent of the hook to count as Kopia: later the pid may be reused. */
const freshCallSeconds = 10

/** Creates a monitor of the processes of the runs in `store`. */
export function createProcessMonitor(
  store: RunStore,
  processes: Processes,
  nowSeconds: () => number,
): ProcessMonitor {
  function findGone(): readonly string[] {
    return store.openRuns().flatMap(([runId, run]) => {
      const living = livingProcessOf(runId, run, processes, nowSeconds())
      if (living === undefined) return [runId]
      if (living !== run.process) store.set(runId, { ...run, process: living })
      return []
    })
  }

  function endIfOver({ run, isComplete }: RunReading): EndedRun | undefined {
    const silentSeconds = nowSeconds() - run.lastSignAt
    if (!isComplete && !hasEndedUnread(silentSeconds)) return undefined
    const isOver = hasEnded(run, silentSeconds) || isKnownToBeGone(run)
    return isOver ? asEnded(run, nowSeconds()) : undefined
  }

  /** The pid is free, and the agent sees Kopia's processes: so this one does not just run in another container. */
  function isKnownToBeGone(run: OpenRun): boolean {
    return processes.findLiving(run.processId) === undefined && [...store.runs.values()].some(wasSeenAlive)
  }

  function quietRuns(): readonly (readonly [string, EndedRun])[] {
    const quiet: [string, EndedRun][] = []
    for (const [runId, run] of store.runs) {
      if (!isQuiet(run, nowSeconds())) continue
      quiet.push([runId, asEnded({ ...run, evidence: run.preview }, nowSeconds())])
    }
    return quiet
  }

  function hasJustWritten(): boolean {
    return store
      .openRuns()
      .some(([runId, run]) => mayHaveJustEnded(run, store.firstSeenAt(runId), nowSeconds()))
  }

  return { findGone, endIfOver, quietRuns, hasJustWritten }
}

/** The process of the run, if it is visible and alive. */
export function livingProcessOf(
  runId: string,
  run: OpenRun,
  { findLiving, findWriter }: Processes,
  nowSeconds: number,
): ProcessIdentity | undefined {
  if (run.process !== undefined) return findLiving(run.processId) === run.process ? run.process : undefined
  if (!isHookRun(runId)) return findWriter(run.processId, runId)
  // Kopia waits for its hook, so its pid cannot be reused before the call is over.
  return nowSeconds - run.lastSignAt < freshCallSeconds ? findLiving(run.processId) : undefined
}
