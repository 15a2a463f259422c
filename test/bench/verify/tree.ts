// Makes the files of a source: many, of random content, in a tree three levels deep.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRandom } from '../../support/random.ts'

export type Tree = { readonly files: number; readonly meanBytes: number }

const filesPerDirectory = 100
const poolBytes = 32 * 2 ** 20
const ownBytes = 16

/**
 * Writes the files, most of them small and a few large, as in a home directory. No two have the same content, so that Kopia
 * stores all of them; writing them again makes all contents new.
 */
export function writeTree(root: string, { files, meanBytes }: Tree, seed: number): void {
  const random = createRandom(seed)
  const pool = Buffer.alloc(poolBytes)
  for (let at = 0; at < poolBytes; at += 4) pool.writeUInt32LE(Math.floor(random() * 2 ** 32), at)
  for (let file = 0; file < files; file += 1) {
    const folder = join(root, folderOf(Math.floor(file / filesPerDirectory)))
    if (file % filesPerDirectory === 0) mkdirSync(folder, { recursive: true })
    const bytes = Math.min(poolBytes / 2, Math.round(-Math.log(1 - random()) * meanBytes))
    const from = Math.floor(random() * (poolBytes - bytes))
    const own = Buffer.alloc(ownBytes)
    own.writeUInt32LE(seed, 0)
    own.writeUInt32LE(file, 4)
    writeFileSync(join(folder, `file-${file}`), Buffer.concat([own, pool.subarray(from, from + bytes)]))
  }
}

function folderOf(directory: number): string {
  return join(`a${directory % 10}`, `b${Math.floor(directory / 10) % 10}`, `c${Math.floor(directory / 100)}`)
}
