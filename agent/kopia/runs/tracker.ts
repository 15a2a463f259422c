// Tracks the runs of Kopia by their logs, hooks and processes. Start here to read this folder.

import { createFaultMemory, type FaultMemory } from '../../util/fault-memory.ts'
import { createQueue } from '../../util/queue.ts'
import { parseTrackedName } from '../log/segments.ts'
import type { Source } from '../source.ts'
import type { Configuration } from './configuration.ts'
import type { Attempt } from './evidence.ts'
import type { FinishedAttempt } from './finished-attempt.ts'
import { isHookRun, withHookCall } from './hook-calls.ts'
import { LogFollower } from './log-follower.ts'
import { createMachineMonitor } from './machine-monitor.ts'
import type { Processes } from './process.ts'
import type { ProcessMonitor } from './process-monitor.ts'
import type { EndedRun, HookCall, OpenRun, Runs, Telling } from './run.ts'
import { configurationOfRun } from './run-configuration.ts'
import { createRunReader, type RunReading } from './run-reader.ts'
import { createRunStore, type RunStore } from './run-store.ts'

/** No method rejects, except `exclusively` when its task throws. */
export type RunTracker = {
  readonly runs: Runs
  /**
   * Reads all that is new in the directory, and takes the hooks' calls: at the start, in case a hint was lost, and before an
   * answer of the repository is entered. `signal` aborts it.
   */
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
  /** Ends runs that the repository shows to be over. One that writes on is open again. */
  readonly end: (runIds: readonly string[]) => Promise<void>
  /** Runs `task` while no log is read, so that no read overwrites what the task settles. */
  readonly exclusively: (task: () => void) => Promise<void>
  /** Marks an ended run as counted. Call it within `exclusively`. */
  readonly settle: (runId: string, telling: Telling) => void
  /** Removes a counted attempt from an open run. Call it within `exclusively`. */
  readonly settleAttempt: (runId: string, settled: Attempt, finished: FinishedAttempt | undefined) => void
}

export type RunTrackerOptions = {
  readonly directory: string
  /** The runs that the ledger remembers. */
  readonly runs: Runs
  /** The agent's own configuration file of Kopia. */
  readonly configurationPath: string
  /** How long the longest good backup of a source took; undefined without one. */
  readonly longestSuccessSeconds?: (source: Source) => number | undefined
  /** When its newest attempt began. */
  readonly newestStartOf?: (source: Source) => number | undefined
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
  /** Adds the calls of hooks that have come since. */
  readonly takeHookCalls?: () => Promise<void>
  /** Those that can write the logs; by default those of this machine. */
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
  const monitor = createMachineMonitor(options, store)
  const endNow = (runId: string, { run }: RunReading) => asSilent(monitor.end(runId, run))
  const enqueue = createQueue()

  /** One task at a time: two reads would read the same bytes twice, and a hook's call could miss the run being read. */
  function inOrder(task: () => Promise<void> | void): Promise<void> {
    return enqueue(() => {
      store.correctClock()
      return task()
    }).catch((error: unknown) => faults.report(directory, error))
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
    sweep: (signal) => takeHookCalls(options, faults).then(() => inOrder(() => follower.sweep(signal))),
    read: (fileName) =>
      inOrder(async () => {
        await follower.read(fileName)
        lookAtUnseen(store, monitor, fileName)
      }),
    isLive: (fileName) => {
      const name = parseTrackedName(fileName)
      return name !== undefined && store.isReadOn(name.runId)
    },
    addHookCall: (call) => inOrder(() => addHookCall(store, call, nowSeconds())),
    endFinishedRuns,
    hasJustWritten: monitor.hasJustWritten,
    quietRuns: monitor.quietRuns,
    areProcessesVisible: monitor.areVisible,
    configurationOf: (run) => configurationOfRun(run, configurationPath),
    end: (runIds) => inOrder(() => follower.readToEnd(runIds, endNow)),
    exclusively: enqueue,
    settle: store.settle,
    settleAttempt: store.settleAttempt,
  }
}

function addHookCall(store: RunStore, call: HookCall, nowSeconds: number): void {
  const changed = withHookCall(store.runs, call, nowSeconds)
  if (changed !== undefined) store.set(changed.runId, changed.run)
}

/** Only while a process lives can it be asked for its configuration, and a look can wait for an answer of Kopia. */
function lookAtUnseen(store: RunStore, monitor: ProcessMonitor, fileName: string): void {
  const run = store.runs.get(parseTrackedName(fileName)?.runId ?? '')
  if (run?.state === 'open' && run.process === undefined) monitor.findGone()
}

function asSilent(run: EndedRun): EndedRun {
  return { ...run, isSilent: true }
}

async function takeHookCalls(options: RunTrackerOptions, faults: FaultMemory): Promise<void> {
  try {
    await options.takeHookCalls?.()
    faults.recover(nameOfHookCalls)
  } catch (error) {
    faults.report(nameOfHookCalls, error)
  }
}
