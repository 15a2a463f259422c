// Watches the processes of open runs: which are gone, and which may be gone because they are silent.

import type { Source } from '../source.ts'
import type { Configuration } from './configuration.ts'
import { type Processes, type ProcessIdentity, visibleIdOf } from './process.ts'
import { createProcessFinder } from './process-finder.ts'
import type { EndedRun, OpenRun } from './run.ts'
import { isInvisible, isQuiet, mayHaveJustEnded } from './run-end.ts'
import { createRunEndings, type RunEndings } from './run-endings.ts'
import type { RunStore } from './run-store.ts'

export type ProcessMonitor = RunEndings & {
  /** Looks at the process of each open run. Returns the ids of the runs whose process is not visible. */
  readonly findGone: () => readonly string[]
  /** Silent runs whose process was never seen, each as it would be if it had ended. */
  readonly quietRuns: () => readonly (readonly [string, EndedRun])[]
  /** Whether a run may just have ended, too short a time ago to be sure. */
  readonly hasJustWritten: () => boolean
  /** Whether the processes of Kopia can be seen, by the runs that are open; undefined if they do not show it. */
  readonly areVisible: () => boolean | undefined
}

type ProcessMonitorOptions = {
  readonly store: RunStore
  readonly processes: Processes
  readonly configurationOf: (visibleProcessId: number) => Configuration | undefined
  /** How long the longest good backup of a source took. */
  readonly longestSuccessSeconds: (source: Source) => number | undefined
  /** When the newest settled attempt of a source began, in Unix seconds. */
  readonly newestStartOf: (source: Source) => number | undefined
  readonly nowSeconds: () => number
}

/** Creates a monitor of the processes of the runs in `store`. */
export function createProcessMonitor(options: ProcessMonitorOptions): ProcessMonitor {
  const { store, processes, longestSuccessSeconds, newestStartOf, nowSeconds } = options
  const finder = createProcessFinder(processes)
  const seenAliveAt = new Map<string, number>()
  const { endIfOver, end } = createRunEndings({
    store,
    processes,
    longestSuccessSeconds,
    newestStartOf,
    seenAliveAt: (runId) => seenAliveAt.get(runId),
    nowSeconds,
  })

  function findGone(): readonly string[] {
    const open = store.openRuns()
    const openIds = new Set(open.map(([runId]) => runId))
    for (const runId of seenAliveAt.keys()) if (!openIds.has(runId)) seenAliveAt.delete(runId)
    finder.retain(openIds)
    return open.flatMap(([runId, run]) => {
      const living = finder.find(runId, run, nowSeconds())
      if (living === undefined) {
        if (run.process === undefined && run.unseenAt === undefined)
          store.set(runId, { ...run, unseenAt: nowSeconds() })
        return [runId]
      }
      seenAliveAt.set(runId, nowSeconds())
      if (living !== run.process) store.set(runId, asSeen(run, living))
      return []
    })
  }

  /** A process is asked for its configuration once: it may end at any moment. */
  function asSeen({ unseenAt: _, ...run }: OpenRun, living: ProcessIdentity): OpenRun {
    const configuration = options.configurationOf(visibleIdOf(run.processId, living))
    return { ...run, process: living, ...(configuration && { configuration }) }
  }

  function quietRuns(): readonly (readonly [string, EndedRun])[] {
    const quiet: [string, EndedRun][] = []
    for (const [runId, run] of store.runs) {
      if (!isQuiet(run, nowSeconds())) continue
      quiet.push([runId, end(runId, { ...run, evidence: run.preview })])
    }
    return quiet
  }

  function hasJustWritten(): boolean {
    return store
      .openRuns()
      .some(([runId, run]) => mayHaveJustEnded(run, store.firstSeenAt(runId), nowSeconds()))
  }

  function areVisible(): boolean | undefined {
    const open = store.openRuns().map(([, run]) => run)
    if (open.some(isInvisible)) return false
    return open.some((run) => run.process !== undefined) ? true : undefined
  }

  return { findGone, endIfOver, end, quietRuns, hasJustWritten, areVisible }
}
