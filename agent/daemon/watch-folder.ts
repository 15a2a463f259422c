// Hints that files in a flat folder were written. A hint may be lost or come twice: the readers know how far they are.

import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { type FSWatcher, watch } from 'chokidar'

export type FolderWatch = {
  /** Begins anew if the folder has appeared, is another one than before, or for less; returns whether it did. */
  readonly renew: () => Promise<boolean>
  /** Whether the folder was there at the last call of `renew`. */
  readonly isThere: () => boolean
  /** For good. */
  readonly close: () => Promise<void>
}

export type FolderWatchOptions = {
  readonly folder: string
  /** Each file watched costs memory: let through only those that may still be written. */
  readonly isLive: (fileName: string) => boolean
  readonly onHint: (fileName: string) => void
  /** The folder was removed or moved: time to renew. Like a hint, this may be lost. */
  readonly onGone: () => void
  readonly onError: (error: unknown) => void
}

/** So many files that are watched but no longer live are let be: to get rid of them costs a look at the whole folder. */
const mostStale = 50

/** Watches the files directly in `folder`, which need not exist yet. */
export function watchFolder(options: FolderWatchOptions): FolderWatch {
  let watcher: FSWatcher | undefined
  let watchedInode: bigint | undefined
  let isClosed = false

  async function renew(): Promise<boolean> {
    const inode = inodeOf(options.folder)
    if (inode === watchedInode && staleFiles() <= mostStale) return false
    await end()
    if (isClosed) return false
    watchedInode = inode
    if (inode !== undefined) watcher = start()
    return inode !== undefined
  }

  function staleFiles(): number {
    const watched = watcher?.getWatched()[options.folder] ?? []
    return watched.filter((fileName) => !options.isLive(fileName)).length
  }

  function start(): FSWatcher {
    const hint = (path: string) => options.onHint(basename(path))
    return watch(options.folder, {
      depth: 0,
      followSymlinks: false,
      ignored: (path) => path !== options.folder && !options.isLive(basename(path)),
    })
      .on('add', hint)
      .on('change', hint)
      .on('unlinkDir', options.onGone)
      .on('error', options.onError)
  }

  async function end(): Promise<void> {
    await watcher?.close()
    watcher = undefined
    watchedInode = undefined
  }

  async function close(): Promise<void> {
    isClosed = true
    await end()
  }

  return { renew, isThere: () => watchedInode !== undefined, close }
}

function inodeOf(folder: string): bigint | undefined {
  return statSync(folder, { bigint: true, throwIfNoEntry: false })?.ino
}
