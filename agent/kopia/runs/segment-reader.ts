// Reads what a segment has new and folds it into its run.

import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Scan, scan, scanToEnd } from '../log/scanner.ts'
import type { SegmentName } from '../log/segment-name.ts'
import { addRecord } from './evidence.ts'
import type { OpenRun } from './run.ts'

/** `scan` or `scanToEnd`. */
export type ScanBytes = (bytes: Buffer, command: string) => Scan

const chunkBytes = 4 * 1024 * 1024

/** How the reading of a long segment is followed, and ended. */
export type Pace = {
  /** Called for each piece that is read. */
  readonly onProgress?: (() => void) | undefined
  /** Ends the reading after a piece; what is left is read another time. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Reads on from where the run was read to. `scanBytes` decides on the last record: whether it is whole, or
 * may still be continued. Rejects where the file can't be read.
 */
export async function readSegment(
  run: OpenRun,
  directory: string,
  segment: SegmentName,
  scanBytes: ScanBytes,
  { onProgress, signal }: Pace = {},
): Promise<OpenRun> {
  const path = join(directory, segment.fileName)
  const { size, mtimeMs } = await stat(path)
  let { evidence, preview } = run
  let offset = run.readBytes[segment.fileName] ?? 0
  const buffer = takeBuffer(Math.max(0, Math.min(chunkBytes, size - offset)))
  const file = await open(path, 'r')
  try {
    while (offset < size && !signal?.aborted) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, size - offset), offset)
      if (bytesRead === 0) break
      const bytes = buffer.subarray(0, bytesRead)
      const atEnd = offset + bytesRead >= size
      const found = atEnd ? scanBytes(bytes, run.command) : scanChunk(bytes, run.command)
      evidence = found.records.reduce(addRecord, evidence)
      preview = scanToEnd(bytes.subarray(found.consumedBytes), run.command).records.reduce(
        addRecord,
        evidence,
      )
      offset += found.consumedBytes
      onProgress?.()
      if (atEnd) break
    }
  } finally {
    await file.close()
    spares.push(new WeakRef(buffer))
  }
  const lastSignAt = Math.max(run.lastSignAt, mtimeMs / 1000)
  return {
    ...run,
    evidence,
    preview,
    lastSignAt,
    readBytes: { ...run.readBytes, [segment.fileName]: offset },
  }
}

/** A thousand logs in a row would leave a thousand buffers to the garbage collector, of which it gets 50 MiB behind. */
const spares: WeakRef<Buffer>[] = []

/** A buffer of at least so many bytes: one that a file before it needed, where it is still there. */
function takeBuffer(bytes: number): Buffer {
  for (let spare = spares.pop(); spare !== undefined; spare = spares.pop()) {
    const buffer = spare.deref()
    if (buffer !== undefined && buffer.length >= bytes) return buffer
  }
  return Buffer.allocUnsafeSlow(bytes)
}

/** A record that is larger than a whole chunk is taken in pieces, so that reading always moves on. */
function scanChunk(bytes: Buffer, command: string): Scan {
  const found = scan(bytes, command)
  return found.consumedBytes > 0 ? found : scanToEnd(bytes, command)
}
