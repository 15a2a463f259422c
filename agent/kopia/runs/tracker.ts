// Tracks the runs of Kopia by their logs, hooks and processes. Start here to read this folder.

import { createFaultMemory, type FaultMemory } from '../../util/fault-memory.ts'
import { createQueue } from '../../util/queue.ts'
import { parseTrackedName } from '../log/segments.ts'
import type { Source } from '../source.ts'
import { type Configuration, configurationInLog, configurationOfProcess } from './configuration.ts'
import type { Attempt } from './evidence.ts'
import { isHookRun, withHookCall } from './hook-calls.ts'
import { LogFollower } from './log-follower.ts'
import type { Outcome } from './outcome-kinds.ts'
import { machineProcesses, type Processes } from './process.ts'
import { createProcessMonitor } from './process-monitor.ts'
import type { EndedRun, HookCall, OpenRun, Runs } from './run.ts'
import { createRunReader } from './run-reader.ts'
import { createRunStore, type RunStore } from './run-store.ts'

/** No method rejects, except `exclusively` when its task throws. */
export type RunTracker = {
  readonly runs: Runs
  /** Reads all that is new in the directory: at the start, and later in case a hint was lost. `signal` aborts it. */
  readonly sweep: (signal?: AbortSignal) => Promise<void>
  /** Reads what is new in the run of this file, after a hint that the file was written. */
  readonly read: (fileName: string) => Promise<void>
  /** Whether the file is a log that the agent reads and that may still be written. */
  readonly isLive: (fileName: string) => boolean
  readonly addHookCall: (call: HookCall) => Promise<void>
  /** Ends the runs whose process is gone. */
  readonly endFinishedRuns: () => Promise<void>
  /** Whether a run may have ended right before it was first read, too short a time ago to be sure. */
  readonly hasJustWritten: () => boolean
  /**
   * Open runs that have fallen silent and whose process was never seen, each as it would be if it had ended. A run that
   * writes more is left out until it falls silent again; then its evidence and `lastSignAt` are new.
   */
  readonly quietRuns: () => readonly (readonly [string, EndedRun])[]
  /** Whether the processes of Kopia can be seen; undefined while no open run shows it. */
  readonly areProcessesVisible: () => boolean | undefined
  /** The configuration of a run, by its process or by its log; undefined if neither names one that can be read. */
  readonly configurationOf: (run: OpenRun | EndedRun) => Configuration | undefined
  /** Ends runs that the repository shows to be over. */
  readonly end: (runIds: readonly string[]) => Promise<void>
  /** Runs `task` while no log is read, so that no read overwrites what the task settles. */
  readonly exclusively: (task: () => void) => Promise<void>
  /** Marks an ended run as counted. Call it within `exclusively`. */
  readonly settle: (runId: string) => void
  /** Removes a counted attempt from an open run. Call it within `exclusively`. */
  readonly settleAttempt: (runId: string, settled: Attempt, outcome: Outcome) => void
}

export type RunTrackerOptions = {
  readonly directory: string
  /** The runs that the ledger remembers. */
  readonly runs: Runs
  /** The agent's own configuration file of Kopia. */
  readonly configurationPath: string
  /** How long the longest good backup of a source took; undefined without one. */
  readonly longestSuccessSeconds?: (source: Source) => number | undefined
  readonly nowSeconds: () => number
  /**
   * A log, the directory or the events of the hooks cannot be read. Called once, and again only if the fault changes.
   * The tracker goes on and tries again.
   */
  readonly onFault: (name: string, error: unknown) => void
  /** What could not be read can be read again. */
  readonly onRecovered?: (name: string) => void
  /** Called after each part of a log, as a sign of life while there is much to read. */
  readonly onProgress?: () => void
  /** Adds the calls of hooks that have come since. Awaited after a process has gone and before its run is ended. */
  readonly takeHookCalls?: () => Promise<void>
  /** Replaced in tests only. */
  readonly processes?: Processes
}

const nameOfHookCalls = 'the events of the hooks'

/** Creates a tracker of the runs in `directory` that continues with the runs that the ledger remembers. */
export function createRunTracker(options: RunTrackerOptions): RunTracker {
  const { directory, nowSeconds, onProgress, configurationPath } = options
  const { onFault, onRecovered = () => undefined } = options
  const faults = createFaultMemory({ onFault, onRecovered })
  const store = createRunStore(options.runs, nowSeconds)
  const reader = createRunReader({ directory, nowSeconds, faults, onProgress })
  const follower = new LogFollower({ directory, store, reader, faults })
  const monitor = monitorOf(options, store)
  const enqueue = createQueue()

  /** One task at a time: two reads would read the same bytes twice, and a hook's call could miss the run being read. */
  function inOrder(task: () => Promise<void> | void): Promise<void> {
    return enqueue(() => {
      store.correctClock()
      return task()
    }).catch((error: unknown) => faults.report(directory, error))
  }

  function addHookCall(call: HookCall): void {
    const changed = withHookCall(store.runs, call, nowSeconds())
    if (changed !== undefined) store.set(changed.runId, changed.run)
  }

  /** Takes the hooks' calls after the process has gone: its last hook may have run since the last look. */
  async function endFinishedRuns(): Promise<void> {
    let gone: readonly string[] = []
    await inOrder(() => {
      gone = monitor.findGone()
    })
    if (gone.length === 0) return
    await takeHookCalls(options, faults)
    await inOrder(async () => {
      // The hint of the log may be late. Ended by its hooks alone, the run would be counted again by its log.
      if (gone.some(isHookRun)) await follower.sweep()
      await follower.readToEnd(gone, monitor.endIfOver)
    })
  }

  return {
    runs: store.runs,
    sweep: (signal) => inOrder(() => follower.sweep(signal)),
    read: (fileName) => inOrder(() => follower.read(fileName)),
    isLive: (fileName) => {
      const name = parseTrackedName(fileName)
      return name !== undefined && store.isReadOn(name.runId)
    },
    addHookCall: (call) => inOrder(() => addHookCall(call)),
    endFinishedRuns,
    hasJustWritten: monitor.hasJustWritten,
    quietRuns: monitor.quietRuns,
    areProcessesVisible: monitor.areVisible,
    configurationOf: (run) => configurationOfRun(run, configurationPath),
    end: (runIds) => inOrder(() => follower.readToEnd(runIds, (runId, { run }) => monitor.end(runId, run))),
    exclusively: enqueue,
    settle: store.settle,
    settleAttempt: store.settleAttempt,
  }
}

function monitorOf(
  {
    configurationPath,
    longestSuccessSeconds = () => undefined,
    processes = machineProcesses,
    nowSeconds,
  }: RunTrackerOptions,
  store: RunStore,
) {
  const configurationOf = (processId: number) => configurationOfProcess(processId, configurationPath)
  return createProcessMonitor({ store, processes, configurationOf, longestSuccessSeconds, nowSeconds })
}

async function takeHookCalls(options: RunTrackerOptions, faults: FaultMemory): Promise<void> {
  try {
    await options.takeHookCalls?.()
    faults.recover(nameOfHookCalls)
  } catch (error) {
    faults.report(nameOfHookCalls, error)
  }
}

/** The process was asked when it was first seen; the log names the file only once maintenance begins. */
function configurationOfRun(
  { configuration, evidence }: OpenRun | EndedRun,
  ownPath: string,
): Configuration | undefined {
  const { configurationPath } = evidence
  if (configuration !== undefined || configurationPath === undefined) return configuration
  return configurationInLog(configurationPath, ownPath)
}
