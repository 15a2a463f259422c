// The picture as a file for node-exporter's textfile collector.

import { rename, writeFile } from 'node:fs/promises'

/** Replaces `path` in one step: the collector must never read half a file. */
export async function writeTextfile(path: string, pieces: Iterable<Uint8Array>): Promise<void> {
  // The collector reads only *.prom, so it does not see the unfinished one.
  const temporary = `${path}.part`
  await writeFile(temporary, pieces, { mode: 0o644 })
  await rename(temporary, path)
}
