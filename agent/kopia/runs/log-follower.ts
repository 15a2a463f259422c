// Follows the logs in cli-logs: decides which segments to read, and updates the open runs with what is new in them.

import type { SegmentName } from '../log/segment-name.ts'
import { listSegments, listSegmentsOf, parseTrackedName } from '../log/segments.ts'
import { findHookRun } from './hook-calls.ts'
import type { ReadFaults } from './read-faults.ts'
import { type EndedRun, newRun, type OpenRun, type Run } from './run.ts'
import type { RunReader, RunReading } from './run-reader.ts'
import type { RunStore } from './run-store.ts'

export type LogFollowerOptions = {
  readonly directory: string
  readonly store: RunStore
  readonly reader: RunReader
  readonly faults: ReadFaults
}

/** Only one of these may run at a time: two readers would read the same bytes twice. None of them rejects. */
export type LogFollower = {
  /** Reads all open runs. Finds runs whose hint was lost, and forgets settled runs whose logs are gone. */
  readonly sweep: (signal?: AbortSignal) => Promise<void>
  /** Reads the run that this file belongs to. */
  readonly read: (fileName: string) => Promise<void>
  /** Reads runs to their ends and ends those for which `decide` returns an end. Lists the directory once for all of them. */
  readonly readToEnd: (runIds: readonly string[], decide: Decide) => Promise<void>
}

type Decide = (reading: RunReading) => EndedRun | undefined

type ReadRun = { readonly runId: string; readonly run: Run }

/** Each read can take a buffer of 4 MiB. */
const readAtOnce = 4

/** Creates a follower of the logs in `directory`. */
export function createLogFollower({ directory, store, reader, faults }: LogFollowerOptions): LogFollower {
  async function sweep(signal?: AbortSignal): Promise<void> {
    const segments = await list(listSegments(directory))
    if (segments === undefined) return
    const byRun = Map.groupBy(segments, ({ runId }) => runId)
    store.forgetSettled(new Set(byRun.keys()))
    retainFiles(segments)
    await inBatches([...byRun], ([runId, ofRun]) => readRun(runId, ofRun, signal))
  }

  async function read(fileName: string): Promise<void> {
    const name = parseTrackedName(fileName)
    if (name === undefined) return
    const segments = await list(listSegmentsOf(directory, name.runId))
    if (segments !== undefined) await inBatches([name.runId], (runId) => readRun(runId, segments))
  }

  async function readToEnd(runIds: readonly string[], decide: Decide): Promise<void> {
    if (runIds.length === 0) return
    const segments = await list(listSegments(directory))
    if (segments === undefined) return
    const byRun = Map.groupBy(segments, ({ runId }) => runId)
    await inBatches(runIds, async (runId) => {
      const run = store.runs.get(runId)
      if (run?.state !== 'open') return undefined
      const reading = await reader.read(run, byRun.get(runId) ?? [], 'complete')
      // The last record of a run that goes on may continue: of this reading only the sign of life counts.
      return { runId, run: decide(reading) ?? { ...run, lastSignAt: reading.run.lastSignAt } }
    })
  }

  /** Undefined if the directory cannot be read: then nothing is known, least of all that there are no logs. */
  async function list(listing: Promise<readonly SegmentName[]>): Promise<readonly SegmentName[] | undefined> {
    try {
      const segments = await listing
      faults.recover(directory)
      return segments
    } catch (error) {
      faults.report(directory, error)
      return undefined
    }
  }

  function retainFiles(segments: readonly SegmentName[]): void {
    const open = segments.filter(({ runId }) => (store.runs.get(runId)?.state ?? 'open') === 'open')
    const fileNames = new Set(open.map(({ fileName }) => fileName))
    reader.retain((fileName) => fileNames.has(fileName))
    faults.retain((name) => parseTrackedName(name) === undefined || fileNames.has(name))
  }

  async function readRun(
    runId: string,
    segments: readonly SegmentName[],
    signal?: AbortSignal,
  ): Promise<ReadRun | undefined> {
    const [first] = segments
    if (first === undefined || signal?.aborted) return undefined
    const known = store.runs.get(runId) ?? adoptHookRun(first)
    if (known !== undefined && known.state !== 'open') return undefined
    const { run } = await reader.read(
      known ?? newRun(first.processId, first.command),
      segments,
      'may continue',
      signal,
    )
    // A log that was never readable is not a run yet: as one, it would end without any attempt.
    return known === undefined && Object.keys(run.readBytes).length === 0 ? undefined : { runId, run }
  }

  /** Hooks may have reported a process before its log was seen. */
  function adoptHookRun({ runId, processId, command }: SegmentName): OpenRun | undefined {
    const found = findHookRun(store.runs, processId)
    if (found === undefined) return undefined
    const run = { ...found.run, command }
    store.delete(found.runId)
    store.set(runId, run)
    return run
  }

  /**
   * Reads some runs at once, so that one is searched while the disk delivers the next. Stores them in the order of their
   * starts.
   */
  async function inBatches<Item>(
    items: readonly Item[],
    readItem: (item: Item) => Promise<ReadRun | undefined>,
  ): Promise<void> {
    for (let first = 0; first < items.length; first += readAtOnce) {
      const batch = await Promise.all(items.slice(first, first + readAtOnce).map(readItem))
      for (const found of batch) if (found !== undefined) store.set(found.runId, found.run)
    }
  }

  return { sweep, read, readToEnd }
}
