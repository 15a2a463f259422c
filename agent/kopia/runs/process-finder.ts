// Finds the processes of runs, in the agent's pid namespace and in those of containers below it.

import { isHookRun } from './hook-calls.ts'
import type { Processes, ProcessIdentity } from './process.ts'
import type { OpenRun } from './run.ts'

/** How old a hook's call may be for the parent of the hook to count as Kopia: later the pid may be reused. */
const freshCallSeconds = 10

/** How often containers are searched for the process of a run that writes on. */
const searchIntervalSeconds = 10

export type ProcessFinder = {
  /** The process of the run, if it is visible and alive. */
  readonly find: (runId: string, run: OpenRun, nowSeconds: number) => ProcessIdentity | undefined
  /** Forgets all runs but these. */
  readonly retain: (openIds: ReadonlySet<string>) => void
}

/** Creates a finder that searches containers only for runs that have just written, and not at each look. */
export function createProcessFinder(processes: Processes): ProcessFinder {
  const searchedAt = new Map<string, number>()

  function findInContainers(runId: string, run: OpenRun, nowSeconds: number): ProcessIdentity | undefined {
    const isFresh = nowSeconds - run.lastSignAt < searchIntervalSeconds
    const isDue = nowSeconds - (searchedAt.get(runId) ?? Number.NEGATIVE_INFINITY) >= searchIntervalSeconds
    if (!isFresh || !isDue) return undefined
    searchedAt.set(runId, nowSeconds)
    return processes.findWriterInContainers(run.processId, runId)
  }

  return {
    find: (runId, run, nowSeconds) => {
      const { process, processId } = run
      if (process !== undefined) return processes.isAlive(processId, process) ? process : undefined
      if (!isHookRun(runId))
        return processes.findWriter(processId, runId) ?? findInContainers(runId, run, nowSeconds)
      // Kopia waits for its hook, so its pid cannot be reused before the call is over.
      return nowSeconds - run.lastSignAt < freshCallSeconds ? processes.findLiving(processId) : undefined
    },
    retain: (openIds) => {
      for (const runId of searchedAt.keys()) if (!openIds.has(runId)) searchedAt.delete(runId)
    },
  }
}
