// Reads the records of a segment that are new since the last read.

import { openRegularFile } from '../../util/files.ts'
import type { LogRecord } from './record.ts'
import { type Scan, scan, scanToEnd } from './scanner.ts'

/** Whether the last record of a segment is complete, or Kopia may still write lines that continue it. */
export type LastRecord = 'complete' | 'may continue'

export type SegmentStart = {
  readonly path: string
  readonly command: string
  /** Bytes that were read before. */
  readonly offset: number
  readonly lastRecord: LastRecord
}

export type SegmentPart = {
  /** The new complete records, in order. */
  readonly records: readonly LogRecord[]
  /** What follows them: the last record as far as it is written. The next read returns it again. */
  readonly incomplete: readonly LogRecord[]
  /** Where the next read begins. */
  readonly offset: number
  /** Of the whole segment. */
  readonly size: number
  /** Unix seconds, by the clock of the file system. */
  readonly modifiedAt: number
}

const chunkBytes = 4 * 1024 * 1024

/** Yields what is new in a segment, part by part; one empty part if nothing is. Rejects if the file cannot be read. */
export async function* readSegment({
  path,
  command,
  offset,
  lastRecord,
}: SegmentStart): AsyncGenerator<SegmentPart> {
  const file = await openRegularFile(path)
  try {
    const { size, mtimeMs } = await file.stat()
    const buffer = Buffer.allocUnsafeSlow(Math.max(0, Math.min(chunkBytes, size - offset)))
    let next = offset
    let isAtEnd: boolean
    do {
      const length = Math.max(0, Math.min(buffer.length, size - next))
      const { bytesRead } = await file.read(buffer, 0, length, next)
      const bytes = buffer.subarray(0, bytesRead)
      isAtEnd = bytesRead === 0 || next + bytesRead >= size
      const { records, consumedBytes } = isAtEnd
        ? scanLast(bytes, command, lastRecord)
        : scanChunk(bytes, command)
      const incomplete = scanToEnd(bytes.subarray(consumedBytes), command).records
      next += consumedBytes
      yield { records, incomplete, offset: next, size, modifiedAt: mtimeMs / 1000 }
    } while (!isAtEnd)
  } finally {
    await file.close()
  }
}

function scanLast(bytes: Buffer, command: string, lastRecord: LastRecord): Scan {
  return lastRecord === 'complete' ? scanToEnd(bytes, command) : scan(bytes, command)
}

/** A record that is longer than a chunk is read in pieces, so that every chunk advances the offset. */
function scanChunk(bytes: Buffer, command: string): Scan {
  const found = scan(bytes, command)
  return found.consumedBytes > 0 ? found : scanToEnd(bytes, command)
}
