// Follows all runs in cli-logs: reads what each segment has new, and notices when a run has ended.

import { hasCode } from '../../util/files.ts'
import { createQueue } from '../../util/queue.ts'
import { scan, scanToEnd } from '../log/scanner.ts'
import type { SegmentName } from '../log/segment-name.ts'
import { listSegments, listSegmentsOf, parseTrackedName } from '../log/segments.ts'
import { isOfSettled, withoutAttempt } from './attempts.ts'
import type { Attempt } from './evidence.ts'
import { findLiving, findWriter, isAlive, type ProcessIdentity } from './process.ts'
import {
  asEnded,
  type EndedRun,
  type HookCall,
  hasEnded,
  newRun,
  type OpenRun,
  type Run,
  type Runs,
  silenceNearEndSeconds,
  startOf,
  wasSeenAlive,
} from './run.ts'
import { readSegment, type ScanBytes } from './segment-reader.ts'

export type RunTracker = {
  readonly runs: Runs
  /**
   * Looks at the whole directory: the safety net below the hints, and the way to catch up after a start. `signal` ends it
   * early.
   */
  readonly sweep: (signal?: AbortSignal) => Promise<void>
  /** A hint that a file of this name was written. */
  readonly read: (fileName: string) => Promise<void>
  /** Whether a file of this name matters and may still be written. */
  readonly isLive: (fileName: string) => boolean
  readonly addHookCall: (call: HookCall) => Promise<void>
  /** Ends the runs whose process has gone. */
  readonly endFinishedRuns: () => Promise<void>
  /** Whether a run may just have ended, though not long enough ago to be sure: a backup right before the agent's start. */
  readonly hasJustWritten: () => boolean
  /** Open runs that have just fallen silent and whose process was never seen, as they would be if this was their end. */
  readonly quietRuns: () => readonly (readonly [string, EndedRun])[]
  /** Ends runs of which it is known otherwise that they are over. */
  readonly end: (runIds: readonly string[]) => Promise<void>
  /** Runs `task` while nothing is being read: what it settles can't be overwritten by what was read before. */
  readonly exclusively: (task: () => void) => Promise<void>
  /** Marks an ended run as counted. Only within `exclusively`. */
  readonly settle: (runId: string) => void
  /** Forgets an attempt of a living run that is counted. Only within `exclusively`. */
  readonly settleAttempt: (runId: string, settled: Attempt) => void
}

export type RunTrackerOptions = {
  readonly directory: string
  /** What the ledger remembers. */
  readonly runs: Runs
  readonly nowSeconds: () => number
  /** A file that can't be read stops neither the others nor the agent. */
  readonly onFault: (fileName: string, error: unknown) => void
  /** Called again and again while there is much to read. */
  readonly onProgress?: () => void
  /** Adds the calls of hooks that came meanwhile: awaited when processes have gone, before their runs are ended. */
  readonly takeHookCalls?: () => Promise<void>
}

/** Runs known by their hooks alone have no log whose removal would tell that they can be forgotten. */
const rememberHookRunsSeconds = 7 * 24 * 3600
/** A hook is called by a process whose log began a moment before it and is closed a moment after it. */
const hookSlackSeconds = 1

/** How old the newest call of a hook may be for its parent to be Kopia still. */
const freshHookSeconds = 10

const hookRunPrefix = 'hooks-'

/** Each has a buffer of up to 4 MiB. */
const readAtOnce = 4

type ReadRun = { readonly runId: string; readonly run: Run }

/** Creates a tracker of the runs in `directory`, going on from what `runs` remembers. */
export function createRunTracker(options: RunTrackerOptions): RunTracker {
  const runs = new Map<string, Run>(options.runs)
  const enqueue = createQueue()

  /** One at a time: two readers would read the same bytes twice, and a hook's call miss the run that is being read. */
  function inOrder(task: () => Promise<void> | void): Promise<void> {
    return enqueue(task).catch((error: unknown) => options.onFault(options.directory, error))
  }

  async function sweep(signal?: AbortSignal): Promise<void> {
    const segments = await listSegments(options.directory)
    forgetOldRuns(segments)
    const byRun = [...Map.groupBy(segments, (segment) => segment.runId)]
    await readInBatches(byRun, ([runId, segmentsOfRun]) => readRun(runId, segmentsOfRun, signal))
  }

  async function readFile(fileName: string): Promise<void> {
    const name = parseTrackedName(fileName)
    if (name === undefined) return
    const segments = await listSegmentsOf(options.directory, name.runId)
    await readInBatches([name.runId], (runId) => readRun(runId, segments))
  }

  function isLive(fileName: string): boolean {
    const name = parseTrackedName(fileName)
    return name !== undefined && (runs.get(name.runId)?.state ?? 'open') === 'open'
  }

  function forgetOldRuns(segments: readonly SegmentName[]): void {
    const present = new Set(segments.map((segment) => segment.runId))
    for (const [runId, run] of runs) {
      if (run.state !== 'settled' || present.has(runId)) continue
      const ofHooksAlone = runId.startsWith(hookRunPrefix)
      if (!ofHooksAlone || options.nowSeconds() - run.endedAt > rememberHookRunsSeconds) runs.delete(runId)
    }
  }

  async function readRun(
    runId: string,
    segments: readonly SegmentName[],
    signal?: AbortSignal,
  ): Promise<ReadRun | undefined> {
    const [first] = segments
    if (first === undefined || signal?.aborted) return undefined
    const known = runs.get(runId) ?? adoptHookRun(newRun(first.processId, first.command))
    if (known.state !== 'open') return undefined
    return { runId, run: await readSegments(known, segments, scan, signal) }
  }

  /**
   * Reads some at once, so that one is searched while the disk gives the next, and keeps them in their order: it is the order
   * in which they happened.
   */
  async function readInBatches<Item>(
    items: readonly Item[],
    read: (item: Item) => Promise<ReadRun | undefined>,
  ): Promise<void> {
    for (let first = 0; first < items.length; first += readAtOnce) {
      const batch = await Promise.all(items.slice(first, first + readAtOnce).map(read))
      for (const { runId, run } of batch.filter((found) => found !== undefined)) runs.set(runId, run)
    }
  }

  /** The hooks may have told of a process before its log was seen. */
  function adoptHookRun(run: OpenRun): OpenRun {
    for (const [runId, candidate] of runs) {
      if (!runId.startsWith(hookRunPrefix) || candidate.state !== 'open') continue
      if (candidate.processId !== run.processId) continue
      runs.delete(runId)
      return { ...candidate, command: run.command }
    }
    return run
  }

  async function readSegments(
    run: OpenRun,
    segments: readonly SegmentName[],
    scanLast: ScanBytes,
    signal?: AbortSignal,
  ): Promise<OpenRun> {
    const pace = { onProgress: options.onProgress, signal }
    let next = run
    for (const [index, segment] of segments.entries()) {
      const isLast = index === segments.length - 1
      try {
        next = await readSegment(next, options.directory, segment, isLast ? scanLast : scanToEnd, pace)
      } catch (error) {
        // Kopia sweeps old logs, also while they are read.
        if (!hasCode(error, 'ENOENT')) options.onFault(segment.fileName, error)
      }
    }
    return next
  }

  function addHookCall(call: HookCall): void {
    for (const [runId, run] of runs) {
      if (run.processId !== call.processId) continue
      if (run.state === 'open') {
        if (isOfSettled(run, call)) return
        const lastSignAt = Math.max(run.lastSignAt, call.at)
        runs.set(runId, { ...run, hookCalls: [...run.hookCalls, call], lastSignAt })
        return
      }
      // The log of this process has told all already.
      if (call.at >= startOf(run) - hookSlackSeconds && call.at <= run.endedAt + hookSlackSeconds) return
    }
    const run = newRun(call.processId, 'snapshot-create')
    const runId = `${hookRunPrefix}${call.processId}-${call.callId}`
    if (!runs.has(runId)) runs.set(runId, { ...run, hookCalls: [call], lastSignAt: call.at })
  }

  /**
   * All that a process left is there once it is gone, and not before: its last hook may have been called since the spool was
   * looked at.
   */
  async function endFinishedRuns(): Promise<void> {
    let gone: readonly string[] = []
    await inOrder(() => {
      gone = findGone()
    })
    if (gone.length === 0) return
    await options.takeHookCalls?.()
    await inOrder(() => endGone(gone))
  }

  function findGone(): readonly string[] {
    const gone: string[] = []
    for (const [runId, run] of runs) {
      if (run.state !== 'open') continue
      const living = livingProcessOf(runId, run)
      if (living === undefined) gone.push(runId)
      else runs.set(runId, { ...run, process: living })
    }
    return gone
  }

  async function endGone(gone: readonly string[]): Promise<void> {
    // The hint of a hook's log may be late: then hooks alone would count what the log counts again.
    if (gone.some((runId) => runId.startsWith(hookRunPrefix))) await sweep()
    await eachWhole(gone, (run) =>
      isKnownToBeGone(run) || hasEnded(run, options.nowSeconds() - run.lastSignAt) ? 'over' : 'open',
    )
  }

  function livingProcessOf(runId: string, run: OpenRun): ProcessIdentity | undefined {
    if (run.process !== undefined) return isAlive(run.processId, run.process) ? run.process : undefined
    if (!runId.startsWith(hookRunPrefix)) return findWriter(run.processId, runId)
    // A hook's parent lives while it calls; much later its pid may be another's.
    const isFresh = options.nowSeconds() - run.lastSignAt < freshHookSeconds
    return isFresh ? findLiving(run.processId) : undefined
  }

  /**
   * Reads to their ends the runs whose processes are not there, and ends those that `judge` calls over: if a process has
   * ended, all that it wrote is there, so the last record is whole too. The directory is listed once for all of them.
   */
  async function eachWhole(
    runIds: readonly string[],
    decideOutcome: (whole: OpenRun) => 'over' | 'open',
  ): Promise<void> {
    if (runIds.length === 0) return
    const segments = Map.groupBy(await listSegments(options.directory), (segment) => segment.runId)
    await readInBatches(runIds, async (runId) => {
      const run = runs.get(runId)
      if (run?.state !== 'open') return undefined
      const whole = await readSegments(run, segments.get(runId) ?? [], scanToEnd)
      return decideOutcome(whole) === 'over'
        ? { runId, run: asEnded(whole, options.nowSeconds()) }
        : undefined
    })
  }

  function quietRuns(): readonly (readonly [string, EndedRun])[] {
    const quiet: [string, EndedRun][] = []
    for (const [runId, run] of runs) {
      if (run.state !== 'open' || run.process !== undefined) continue
      if (options.nowSeconds() - run.lastSignAt < silenceNearEndSeconds) continue
      quiet.push([runId, asEnded({ ...run, evidence: run.preview }, options.nowSeconds())])
    }
    return quiet
  }

  /** Nobody has this pid, and Kopia's processes were seen before, so it does not just live in another container. */
  function isKnownToBeGone(run: OpenRun): boolean {
    return findLiving(run.processId) === undefined && [...runs.values()].some(wasSeenAlive)
  }

  function hasJustWritten(): boolean {
    const isRecent = (run: Run) =>
      run.state === 'open' &&
      run.process === undefined &&
      options.nowSeconds() - run.lastSignAt <= silenceNearEndSeconds
    return [...runs.values()].some(isRecent)
  }

  function settle(runId: string): void {
    const run = runs.get(runId)
    if (run?.state !== 'ended') return
    const { processId, endedAt } = run
    const settled = { processId, wasSeenAlive: wasSeenAlive(run), startedAt: startOf(run), endedAt }
    runs.set(runId, { state: 'settled', ...settled })
  }

  function settleAttempt(runId: string, settled: Attempt): void {
    const run = runs.get(runId)
    if (run?.state === 'open') runs.set(runId, withoutAttempt(run, settled))
  }

  return {
    runs,
    sweep: (signal) => inOrder(() => sweep(signal)),
    read: (fileName) => inOrder(() => readFile(fileName)),
    isLive,
    addHookCall: (call) => inOrder(() => addHookCall(call)),
    endFinishedRuns,
    hasJustWritten,
    exclusively: enqueue,
    settle,
    settleAttempt,
    quietRuns,
    end: (runIds) => inOrder(() => eachWhole(runIds, () => 'over')),
  }
}
