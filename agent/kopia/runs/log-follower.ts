// Follows the logs in cli-logs: decides which segments to read, and updates the open runs with what is new in them.

import type { FaultMemory } from '../../util/fault-memory.ts'
import type { SegmentName } from '../log/segment-name.ts'
import { listSegments, listSegmentsOf, parseTrackedName } from '../log/segments.ts'
import { findHookRun } from './hook-calls.ts'
import { type EndedRun, newRun, type OpenRun, type Run } from './run.ts'
import type { RunReader, RunReading } from './run-reader.ts'
import { isReopenable, type RunStore } from './run-store.ts'

type LogFollowerOptions = {
  readonly directory: string
  readonly store: RunStore
  readonly reader: RunReader
  readonly faults: FaultMemory
}

type Decide = (runId: string, reading: RunReading) => EndedRun | undefined

type ReadRun = { readonly runId: string; readonly run: Run }

/** Each read can take a buffer of 4 MiB. */
const readAtOnce = 4

/** Call one method at a time: two readers would read the same bytes twice. No method rejects. */
export class LogFollower {
  readonly #options: LogFollowerOptions

  constructor(options: LogFollowerOptions) {
    this.#options = options
  }

  /** Reads all open runs. Finds runs whose hint was lost, and forgets settled runs whose logs are gone. */
  async sweep(signal?: AbortSignal): Promise<void> {
    const segments = await this.#list(listSegments(this.#options.directory))
    if (segments === undefined) return
    const byRun = Map.groupBy(segments, ({ runId }) => runId)
    this.#options.store.forgetSettled(new Set(byRun.keys()))
    this.#forgetOtherFiles(segments)
    await this.#inBatches([...byRun], ([runId, ofRun]) => this.#readRun(runId, ofRun, signal))
  }

  /** Reads the run that this file belongs to. */
  async read(fileName: string): Promise<void> {
    const name = parseTrackedName(fileName)
    if (name === undefined) return
    const segments = await this.#list(listSegmentsOf(this.#options.directory, name.runId))
    if (segments !== undefined) await this.#inBatches([name.runId], (runId) => this.#readRun(runId, segments))
  }

  /** Reads runs to their ends and ends those for which `decide` returns an end. Lists the directory once for all runs. */
  async readToEnd(runIds: readonly string[], decide: Decide): Promise<void> {
    if (runIds.length === 0) return
    const segments = await this.#list(listSegments(this.#options.directory))
    if (segments === undefined) return
    const byRun = Map.groupBy(segments, ({ runId }) => runId)
    await this.#inBatches(runIds, async (runId) => {
      const run = this.#options.store.runs.get(runId)
      if (run?.state !== 'open') return undefined
      const reading = await this.#options.reader.read(run, byRun.get(runId) ?? [], 'complete')
      // The last record of a run that goes on may continue: of this reading only the sign of life counts.
      return { runId, run: decide(runId, reading) ?? { ...run, lastSignAt: reading.run.lastSignAt } }
    })
  }

  /** Undefined if the directory cannot be read: that does not mean that it holds no logs. */
  async #list(listing: Promise<readonly SegmentName[]>): Promise<readonly SegmentName[] | undefined> {
    const { directory, faults } = this.#options
    try {
      const segments = await listing
      faults.recover(directory)
      return segments
    } catch (error) {
      faults.report(directory, error)
      return undefined
    }
  }

  #forgetOtherFiles(segments: readonly SegmentName[]): void {
    const { store, reader, faults } = this.#options
    const open = segments.filter(({ runId }) => store.isReadOn(runId))
    const fileNames = new Set(open.map(({ fileName }) => fileName))
    reader.retain((fileName) => fileNames.has(fileName))
    faults.retain((name) => parseTrackedName(name) === undefined || fileNames.has(name))
  }

  async #readRun(
    runId: string,
    segments: readonly SegmentName[],
    signal?: AbortSignal,
  ): Promise<ReadRun | undefined> {
    const { store, reader } = this.#options
    const [first] = segments
    if (first === undefined || signal?.aborted) return undefined
    const known = store.runs.get(runId) ?? this.#adoptHookRun(first)
    if (isReopenable(known)) return this.#reopen(runId, known.reopening, segments)
    if (known !== undefined && known.state !== 'open') return undefined
    const before = known ?? newRun(first.processId, first.command)
    const { run } = await reader.read(before, segments, 'may continue', signal)
    // A log that was never readable is not a run yet: as one, it would end without any attempt.
    return known === undefined && Object.keys(run.readBytes).length === 0 ? undefined : { runId, run }
  }

  /** Silence was taken for the end of the run. If it has written since, it goes on. */
  async #reopen(
    runId: string,
    before: OpenRun,
    segments: readonly SegmentName[],
  ): Promise<ReadRun | undefined> {
    const { run } = await this.#options.reader.read(before, segments, 'may continue')
    return run.lastSignAt > before.lastSignAt ? { runId, run } : undefined
  }

  /** Hooks may have reported a process before its log was seen. */
  #adoptHookRun({ runId, processId, command }: SegmentName): OpenRun | undefined {
    const { store } = this.#options
    const found = findHookRun(store.runs, processId)
    if (found === undefined) return undefined
    const run = { ...found.run, command }
    store.delete(found.runId)
    store.set(runId, run)
    return run
  }

  /** Reads some runs at once: one is searched while the disk delivers the next. Keeps the order of the runs. */
  async #inBatches<Item>(
    items: readonly Item[],
    readItem: (item: Item) => Promise<ReadRun | undefined>,
  ): Promise<void> {
    for (let first = 0; first < items.length; first += readAtOnce) {
      const batch = await Promise.all(items.slice(first, first + readAtOnce).map(readItem))
      for (const found of batch) if (found !== undefined) this.#options.store.set(found.runId, found.run)
    }
  }
}
