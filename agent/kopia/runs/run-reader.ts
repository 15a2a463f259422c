// Reads what the segments of a run have new, and adds it to the run.

import { join } from 'node:path'
import type { FaultMemory } from '../../util/fault-memory.ts'
import { hasCode } from '../../util/files.ts'
import type { SegmentName } from '../log/segment-name.ts'
import { type LastRecord, readSegment, type SegmentPart } from '../log/segment-reader.ts'
import { addRecord } from './add-record.ts'
import { type OpenRun, withSignOfLife } from './run.ts'

type RunReaderOptions = {
  readonly directory: string
  readonly nowSeconds: () => number
  readonly faults: FaultMemory
  /** Called after each part that was read. */
  readonly onProgress?: (() => void) | undefined
}

export type RunReading = {
  readonly run: OpenRun
  /** False if a segment could not be read. A segment that Kopia has deleted is no fault. */
  readonly isComplete: boolean
}

export type RunReader = {
  /** `lastRecord` says whether the last record of the last segment is complete. Never rejects. */
  readonly read: (
    run: OpenRun,
    segments: readonly SegmentName[],
    lastRecord: LastRecord,
    signal?: AbortSignal,
  ) => Promise<RunReading>
  /** Forgets the segments that are not read any more. */
  readonly retain: (isRead: (fileName: string) => boolean) => void
}

/** What tells whether a segment was written to since the last read. */
type SegmentState = { readonly size: number; readonly modifiedAt: number }

/** Creates a reader of the segments in `directory`. */
export function createRunReader({ directory, nowSeconds, faults, onProgress }: RunReaderOptions): RunReader {
  const states = new Map<string, SegmentState>()

  async function read(
    run: OpenRun,
    segments: readonly SegmentName[],
    lastRecord: LastRecord,
    signal?: AbortSignal,
  ): Promise<RunReading> {
    let next = run
    let isComplete = true
    for (const segment of segments) {
      // Kopia opens the next segment after it has closed the one before.
      const isLast = segment === segments.at(-1)
      try {
        next = await readOne(next, segment, isLast ? lastRecord : 'complete', signal)
        faults.recover(segment.fileName)
      } catch (error) {
        // Kopia deletes old logs, also while they are read.
        if (hasCode(error, 'ENOENT')) continue
        faults.report(segment.fileName, error)
        isComplete = false
      }
    }
    return { run: next, isComplete }
  }

  async function readOne(
    run: OpenRun,
    { fileName }: SegmentName,
    lastRecord: LastRecord,
    signal?: AbortSignal,
  ): Promise<OpenRun> {
    const path = join(directory, fileName)
    const offset = run.readBytes[fileName] ?? 0
    let next = run
    let state = states.get(fileName)
    for await (const part of readSegment({ path, command: run.command, offset, lastRecord })) {
      next = withPart(next, fileName, part)
      const writtenAt = lastWriteAt(state, part, nowSeconds())
      if (writtenAt !== undefined) next = withSignOfLife(next, writtenAt, nowSeconds())
      state = { size: part.size, modifiedAt: part.modifiedAt }
      onProgress?.()
      if (signal?.aborted) break
    }
    if (state !== undefined) states.set(fileName, state)
    return next
  }

  function retain(isRead: (fileName: string) => boolean): void {
    for (const fileName of states.keys()) if (!isRead(fileName)) states.delete(fileName)
  }

  return { read, retain }
}

/**
 * When a segment was last written, in Unix seconds; undefined if it has not changed since the last read. A modification
 * time in the future (the clock was set back, or it is a file server's) counts as now, once per change: counted at each
 * read, it would keep the run alive for ever.
 */
export function lastWriteAt(
  before: SegmentState | undefined,
  { size, modifiedAt }: SegmentState,
  nowSeconds: number,
): number | undefined {
  const hasChanged = before === undefined || before.size !== size || before.modifiedAt !== modifiedAt
  return hasChanged ? Math.min(modifiedAt, nowSeconds) : undefined
}

function withPart(run: OpenRun, fileName: string, { records, incomplete, offset }: SegmentPart): OpenRun {
  const evidence = records.reduce(addRecord, run.evidence)
  return {
    ...run,
    evidence,
    preview: incomplete.reduce(addRecord, evidence),
    readBytes: { ...run.readBytes, [fileName]: offset },
  }
}
