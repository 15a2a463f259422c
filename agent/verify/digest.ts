// Size and hash of what is read.

import { createHash } from 'node:crypto'
import { openRegularFile } from '../util/files.ts'

/** Size and SHA-256 of a file. Rejects where it can't be read. */
export async function digestOfFile(path: string): Promise<{ readonly bytes: number; readonly hash: string }> {
  const file = await openRegularFile(path)
  try {
    const digest = createDigest()
    for await (const chunk of file.createReadStream({ autoClose: false })) digest.add(chunk)
    return digest.end()
  } finally {
    await file.close()
  }
}

/** Counts and hashes what is read. */
export function createDigest() {
  const hash = createHash('sha256')
  let bytes = 0
  return {
    add: (chunk: Buffer) => {
      bytes += chunk.length
      hash.update(chunk)
    },
    end: () => ({ bytes, hash: hash.digest('hex') }),
  }
}
