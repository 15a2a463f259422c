// Writes the history to a file that gets its name only once it is complete, or to standard output.

import { rename, rm } from 'node:fs/promises'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createFile } from '../util/files.ts'
import { type Backfill, openMetrics } from './openmetrics.ts'

export type Target =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'output'; readonly stream: Writable }

/** Writes the text and calls `onSamples` with the number of samples in each chunk; rejects if it can't be written. */
export async function writeBackfill(
  backfill: Backfill,
  target: Target,
  onSamples: (count: number) => void,
): Promise<void> {
  const source = Readable.from(countedChunks(backfill, onSamples), { highWaterMark: 4 })
  if (target.kind === 'output') {
    await pipeline(source, target.stream, { end: false })
    return
  }
  const unfinished = `${target.path}.part`
  const file = await createFile(unfinished, 0o666)
  try {
    await pipeline(source, file.createWriteStream())
    await rename(unfinished, target.path)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
}

function* countedChunks(backfill: Backfill, onSamples: (count: number) => void): Generator<Buffer> {
  for (const { text, samples } of openMetrics(backfill)) {
    onSamples(samples)
    yield Buffer.from(text)
  }
}
