// Damages the repository of a lab, as disks and people do.

import { open, readdir, rename, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import type { Lab } from './lab.ts'

type Content = { readonly contentID: string; readonly packFile: string; readonly originalLength: number }

/** The folder of the lab's repository. */
export function repositoryFolder(lab: Lab): string {
  return join(lab.folder, 'kopia', 'repository')
}

/** The files of all blobs whose names begin so: `p` packs of files, `q` packs of directories and manifests, `x` indexes. */
export async function blobFiles(lab: Lab, prefix: string): Promise<readonly string[]> {
  const folder = repositoryFolder(lab)
  const found = await readdir(join(folder, prefix), { recursive: true, withFileTypes: true })
  return found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

/** The files of the packs that hold contents whose ids begin so: `m` manifests, `k` directories, digits and a to f files. */
export async function packFilesOf(lab: Lab, contents: RegExp): Promise<readonly string[]> {
  const { output } = await lab.kopia.must('content', 'list', '--json')
  const list: readonly Content[] = JSON.parse(output)
  const packs = new Set(
    list.filter(({ contentID }) => contents.test(contentID)).map(({ packFile }) => packFile),
  )
  const files = await Promise.all(['p', 'q'].map((prefix) => blobFiles(lab, prefix).catch(() => [])))
  const isPack = (file: string) => packs.has(blobName(lab, file))
  return files.flat().filter(isPack)
}

/** Kopia shards names over folders, and adds `.f`. */
function blobName(lab: Lab, file: string): string {
  return file.slice(repositoryFolder(lab).length).replaceAll('/', '').replace(/\.f$/, '')
}

/** Flips all bits in the middle third of a file, past the random bytes with which each pack begins. */
export async function flipBytes(file: string): Promise<void> {
  const opened = await open(file, 'r+')
  try {
    const { size } = await opened.stat()
    const start = Math.floor(size / 3)
    const bytes = Buffer.alloc(Math.ceil(size / 3))
    await opened.read(bytes, 0, bytes.length, start)
    await opened.write(
      bytes.map((byte) => byte ^ 0xff),
      0,
      bytes.length,
      start,
    )
  } finally {
    await opened.close()
  }
}

/** Cuts a file to a third of its size. */
export async function cut(file: string, size: number): Promise<void> {
  await truncate(file, Math.floor(size / 3))
}

/** Takes files away; the function that it resolves with brings them back. */
export async function takeAway(files: readonly string[]): Promise<() => Promise<void>> {
  const away = (file: string) => `${file}.away`
  for (const file of files) await rename(file, away(file))
  return async () => {
    for (const file of files) await rename(away(file), file)
  }
}

/** Removes what Kopia has cached, so that it reads from the repository again. */
export async function clearCache(lab: Lab): Promise<void> {
  await rm(join(lab.folder, 'kopia', 'cache'), { recursive: true, force: true })
}
