// Compares what was restored with the file that is still there, where it has not changed since the snapshot.

import type { BigIntStats } from 'node:fs'
import { lstat, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Entry } from '../kopia/cli/repository-reader.ts'
import { openRegularFile } from '../util/files.ts'

/** `unknown`: the file is gone, was changed, or can't be read here. */
export type Comparison = 'same' | 'differs' | 'unknown'

/** Where an entry of a snapshot should be; undefined for a name that would lead elsewhere. */
export function livePathOf(sourcePath: string, names: readonly string[]): string | undefined {
  const isPlain = (name: string) => name !== '' && name !== '.' && name !== '..' && !/[/\\\0]/.test(name)
  return names.every(isPlain) ? join(sourcePath, ...names) : undefined
}

/** Compares a restored file with the one at `livePath`, byte by byte. Never rejects. */
export async function compareFile(livePath: string, entry: Entry, restoredPath: string): Promise<Comparison> {
  return await compareUnchanged(livePath, entry, async () => {
    const [live, restored] = [await openRegularFile(livePath), await openRegularFile(restoredPath)]
    try {
      return await haveEqualBytes(live, restored)
    } finally {
      await live.close()
      await restored.close()
    }
  })
}

/** Compares the target of a symbolic link with that of the one at `livePath`. Never rejects. */
export async function compareLink(livePath: string, entry: Entry, target: Buffer): Promise<Comparison> {
  return await compareUnchanged(livePath, entry, async () =>
    target.equals(await readlink(livePath, { encoding: 'buffer' })),
  )
}

/** The comparison counts only where the file is that of the snapshot, before and after it. */
async function compareUnchanged(
  livePath: string,
  entry: Entry,
  areEqual: () => Promise<boolean>,
): Promise<Comparison> {
  try {
    if (!isOfEntry(await lstat(livePath, { bigint: true }), entry)) return 'unknown'
    if (await areEqual()) return 'same'
    return isOfEntry(await lstat(livePath, { bigint: true }), entry) ? 'differs' : 'unknown'
  } catch {
    // A file that is gone, or that this user may not read, says nothing about the snapshot.
    return 'unknown'
  }
}

function isOfEntry(stats: BigIntStats, { type, sizeBytes, modifiedNs }: Entry): boolean {
  const isOfType = type === 'symlink' ? stats.isSymbolicLink() : type === 'file' && stats.isFile()
  return isOfType && stats.size === BigInt(sizeBytes) && stats.mtimeNs === modifiedNs
}

type Readable = { readonly read: (buffer: Buffer) => Promise<{ readonly bytesRead: number }> }

const chunkBytes = 256 * 1024

async function haveEqualBytes(one: Readable, other: Readable): Promise<boolean> {
  const [ofOne, ofOther] = [Buffer.alloc(chunkBytes), Buffer.alloc(chunkBytes)]
  for (;;) {
    const length = await fillFrom(one, ofOne)
    if (length !== (await fillFrom(other, ofOther))) return false
    if (length === 0) return true
    if (!ofOne.subarray(0, length).equals(ofOther.subarray(0, length))) return false
  }
}

/** A read may return less than it could (read(2)). */
async function fillFrom(file: Readable, buffer: Buffer): Promise<number> {
  let filled = 0
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer.subarray(filled))
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return filled
}
