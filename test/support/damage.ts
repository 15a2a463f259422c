// Damages the blobs of a repository in the file system, and mends them again.

import { cp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Kopia neither checks nor needs those, which are random. */
const firstBytes = 40

export type Damage = 'flipped' | 'missing' | 'cut'

/** Paths of the blobs of one kind: `p` files, `q` directories and manifests, `x` index (Kopia shards them into folders). */
export async function blobsOf(repository: string, kind: 'p' | 'q' | 'x'): Promise<readonly string[]> {
  const entries = await readdir(join(repository, kind), { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
}

export async function damage(blob: string, how: Damage): Promise<void> {
  if (how === 'missing') return rm(blob)
  if (how === 'cut') return truncate(blob, firstBytes)
  const bytes = await readFile(blob)
  await writeFile(
    blob,
    bytes.map((byte, index) => (index >= firstBytes && index % 7 === 0 ? byte ^ 0xff : byte)),
  )
}

/** Runs `action` while the blobs are damaged, and brings them back. */
export async function whileDamaged(
  blobs: readonly string[],
  how: Damage,
  action: () => Promise<void>,
): Promise<void> {
  await Promise.all(blobs.map((blob) => cp(blob, `${blob}.good`, { preserveTimestamps: true })))
  try {
    await Promise.all(blobs.map((blob) => damage(blob, how)))
    await action()
  } finally {
    await Promise.all(
      blobs.map(async (blob) => {
        await cp(`${blob}.good`, blob, { preserveTimestamps: true })
        await rm(`${blob}.good`)
      }),
    )
  }
}
