// The metrics text as a file for node-exporter's textfile collector.

import { rename, writeFile } from 'node:fs/promises'

/** Replaces `path` in one step, since the collector must never read half a file. */
export async function writeTextfile(path: string, pieces: AsyncIterable<string>): Promise<void> {
  // The collector reads only *.prom, so it ignores the unfinished file.
  const temporary = `${path}.part`
  await writeFile(temporary, pieces, { mode: 0o644 })
  await rename(temporary, path)
}
