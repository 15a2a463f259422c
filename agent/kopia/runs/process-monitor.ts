// Watches the processes of open runs: which are gone, and which may be gone because they are silent.

import { formatSource, type Source } from '../source.ts'
import type { Configuration } from './configuration.ts'
import { isHookRun } from './hook-calls.ts'
import { type Processes, type ProcessIdentity, visibleIdOf } from './process.ts'
import { type EndedRun, type OpenRun, wasSeenAlive } from './run.ts'
import { asEnded, hasEndedUnread, isInvisible, isQuiet, mayHaveJustEnded, whyEnded } from './run-end.ts'
import type { RunReading } from './run-reader.ts'
import type { RunStore } from './run-store.ts'

type ProcessMonitor = {
  /** Looks at the process of each open run. Returns the ids of the runs whose process is not visible. */
  readonly findGone: () => readonly string[]
  /** Decides on a run whose process is not visible and whose log was read to its end; undefined if the run goes on. */
  readonly endIfOver: (runId: string, reading: RunReading) => EndedRun | undefined
  /** Ends a run that something else shows to be over. */
  readonly end: (runId: string, run: OpenRun) => EndedRun
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
  readonly nowSeconds: () => number
}

/** How old a hook's call may be for the parent of the hook to count as Kopia: later the pid may be reused. */
const freshCallSeconds = 10

/** How often containers are searched for the process of a run that writes on. */
const searchIntervalSeconds = 10

/** `uptime` and the clock can disagree by more than the clock was corrected since the machine started. */
const bootSlackSeconds = 60

/** Creates a monitor of the processes of the runs in `store`. */
export function createProcessMonitor(options: ProcessMonitorOptions): ProcessMonitor {
  const { store, processes, longestSuccessSeconds, nowSeconds } = options
  const finder = createProcessFinder(processes)
  const seenAliveAt = new Map<string, number>()

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

  function endIfOver(runId: string, { run, isComplete }: RunReading): EndedRun | undefined {
    const silentSeconds = nowSeconds() - run.lastSignAt
    if (!isComplete && !hasEndedUnread(silentSeconds)) return undefined
    const lengths = run.preview.attempts.map(({ source }) => longestSuccessSeconds(source) ?? 0)
    const why = whyEnded(run, {
      silentSeconds,
      isKnownToBeGone: isKnownToBeGone(runId, run),
      isSuperseded: store.openRuns().some(([, other]) => isLaterOfSameSource(other, run)),
      longestSuccessSeconds: Math.max(0, ...lengths),
    })
    if (why === undefined) return undefined
    return why === 'silence' ? { ...end(runId, run), isSilent: true } : end(runId, run)
  }

  function end(runId: string, run: OpenRun): EndedRun {
    return asEnded(run, { nowSeconds: nowSeconds(), seenAliveAt: seenAliveAt.get(runId) })
  }

  /**
   * The machine has started since the run's last sign; or the pid is free, and the agent sees Kopia's processes: so this one
   * does not just run in another container.
   */
  function isKnownToBeGone(runId: string, run: OpenRun): boolean {
    if (run.lastSignAt + bootSlackSeconds < processes.bootedAt()) return true
    if (isInvisible(run) || processes.findLiving(run.processId) !== undefined) return false
    if (![...store.runs.values()].some(wasSeenAlive)) return false
    return processes.findWriterInContainers(run.processId, runId) === undefined
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

/** Whether `other` began to back up a source of `run` after the last sign of `run`. */
function isLaterOfSameSource(other: OpenRun, run: OpenRun): boolean {
  const names = new Set(run.preview.attempts.map(({ source }) => formatSource(source)))
  return (
    other !== run &&
    other.configuration?.kind !== 'other' &&
    other.preview.attempts.some(
      ({ source, startedAt }) => startedAt > run.lastSignAt && names.has(formatSource(source)),
    )
  )
}

type ProcessFinder = {
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
