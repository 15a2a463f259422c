// Reads what a segment has new and folds it into its run.

import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Scan, scan, scanToEnd } from './log-scan.ts'
import { addRecord } from './run.ts'
import type { SegmentName } from './segment-name.ts'
import type { OpenRun } from './tracked-run.ts'

const chunkBytes = 1024 * 1024

/**
 * Reads on from where the run was read to. `scanBytes` decides on the last record: whether it is whole, or
 * may still be continued. Rejects where the file can't be read.
 */
export async function readSegment(
  run: OpenRun,
  directory: string,
  segment: SegmentName,
  scanBytes: (bytes: Buffer) => Scan,
): Promise<OpenRun> {
  const path = join(directory, segment.fileName)
  const { size, mtimeMs } = await stat(path)
  let { evidence, preview } = run
  let offset = run.readBytes[segment.fileName] ?? 0
  const file = await open(path, 'r')
  try {
    while (offset < size) {
      const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, size - offset))
      const { bytesRead } = await file.read(buffer, 0, buffer.length, offset)
      if (bytesRead === 0) break
      const bytes = buffer.subarray(0, bytesRead)
      const atEnd = offset + bytesRead >= size
      const found = atEnd ? scanBytes(bytes) : scanChunk(bytes)
      evidence = found.records.reduce(addRecord, evidence)
      preview = scanToEnd(bytes.subarray(found.consumedBytes)).records.reduce(addRecord, evidence)
      offset += found.consumedBytes
      if (atEnd) break
    }
  } finally {
    await file.close()
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

/** A record that is larger than a whole chunk is taken in pieces, so that reading always moves on. */
function scanChunk(bytes: Buffer): Scan {
  const found = scan(bytes)
  return found.consumedBytes > 0 ? found : scanToEnd(bytes)
}
