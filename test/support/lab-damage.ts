// Damages the repository of a lab, as disks and people do.

import { copyFile, open, readdir, rename, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import type { Lab } from './lab.ts'

type Content = {
  readonly contentID: string
  readonly packFile: string
  readonly packOffset: number
  readonly length: number
}

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
  const list = await listContents(lab)
  const packs = new Set(
    list.filter(({ contentID }) => contents.test(contentID)).map(({ packFile }) => packFile),
  )
  return (await packFiles(lab)).filter((file) => packs.has(blobName(lab, file)))
}

async function listContents(lab: Lab): Promise<readonly Content[]> {
  return JSON.parse((await lab.kopia.must('content', 'list', '--json')).output)
}

async function packFiles(lab: Lab): Promise<readonly string[]> {
  return [...(await blobFiles(lab, 'p')), ...(await blobFiles(lab, 'q'))]
}

/** Kopia shards names over folders, and adds `.f`. */
function blobName(lab: Lab, file: string): string {
  return file.slice(repositoryFolder(lab).length).replaceAll('/', '').replace(/\.f$/, '')
}

/** Flips all bits of the contents whose ids begin so. Doing it again repairs them. */
export async function flipContents(lab: Lab, contents: RegExp): Promise<void> {
  const list = await listContents(lab)
  for (const file of await packFiles(lab)) {
    const inFile = list.filter(({ packFile }) => packFile === blobName(lab, file))
    for (const { contentID, packOffset, length } of inFile)
      if (contents.test(contentID)) await flipBytes(file, packOffset, length)
  }
}

async function flipBytes(file: string, start: number, length: number): Promise<void> {
  const opened = await open(file, 'r+')
  try {
    const bytes = Buffer.alloc(length)
    await opened.read(bytes, 0, length, start)
    for (const [index, byte] of bytes.entries()) bytes[index] = byte ^ 0xff
    await opened.write(bytes, 0, length, start)
  } finally {
    await opened.close()
  }
}

/** Cuts files to a third of their size; the function that it resolves with repairs them. */
export async function cutFiles(files: readonly string[]): Promise<() => Promise<void>> {
  for (const file of files) {
    await copyFile(file, whole(file))
    await truncate(file, Math.floor((await stat(file)).size / 3))
  }
  return async () => {
    for (const file of files) await rename(whole(file), file)
  }
}

const whole = (file: string) => `${file}.whole`

/** Takes files away; the function that it resolves with brings them back. */
export async function takeAway(files: readonly string[]): Promise<() => Promise<void>> {
  const away = (file: string) => `${file}.away`
  for (const file of files) await rename(file, away(file))
  return async () => {
    for (const file of files) await rename(away(file), file)
  }
}
