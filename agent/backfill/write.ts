// Writes the history to a file that bears its name only once it is whole, or to standard output.

import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Backfill, openMetrics } from './openmetrics.ts'

/** Where to: `-` is standard output. */
export type Target =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'output'; readonly stream: Writable }

/** Streams the text, telling `onSamples` how many each piece held; rejects where it can't be written. */
export async function writeBackfill(
  backfill: Backfill,
  target: Target,
  onSamples: (count: number) => void,
): Promise<void> {
  const source = Readable.from(told(backfill, onSamples), { highWaterMark: 4 })
  if (target.kind === 'output') {
    await pipeline(source, target.stream, { end: false })
    return
  }
  const unfinished = `${target.path}.part`
  try {
    await pipeline(source, createWriteStream(unfinished))
    await rename(unfinished, target.path)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
}

function* told(backfill: Backfill, onSamples: (count: number) => void): Generator<Buffer> {
  for (const { text, samples } of openMetrics(backfill)) {
    onSamples(samples)
    yield Buffer.from(text)
  }
}
