// The metrics text as a file for node-exporter's textfile collector.

import { rename } from 'node:fs/promises'
import { createFile } from '../util/files.ts'

/** Replaces `path` in one step, since the collector must never read half a file. */
export async function writeTextfile(path: string, pieces: AsyncIterable<string>): Promise<void> {
  // The collector reads only *.prom, so it ignores the unfinished file. Others may write to its folder.
  const temporary = `${path}.part`
  const file = await createFile(temporary, 0o644)
  try {
    await file.writeFile(pieces)
  } finally {
    await file.close()
  }
  await rename(temporary, path)
}
