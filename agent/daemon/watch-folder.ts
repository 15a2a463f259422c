// Reports writes to the files of a flat folder. An event may be lost or come twice: the readers know how far they are.

import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { type FSWatcher, watch } from 'chokidar'
import { type WatchWay, watchWayOf } from './watch-way.ts'

export type FolderWatch = {
  readonly folder: string
  /**
   * Watches anew where the folder has appeared, was replaced, or has too many old files; resolves with whether it did. Rejects
   * where the folder can't be looked at, and watches nothing then.
   */
  readonly renew: () => Promise<boolean>
  /** Whether the folder was there at the last call of `renew`. */
  readonly isThere: () => boolean
  /** Ends the watch for good. */
  readonly close: () => Promise<void>
}

type FolderWatchOptions = {
  readonly folder: string
  /** Each watched file costs memory, so only files that may still be written should be let through. */
  readonly isLive: (fileName: string) => boolean
  /** A file was written. */
  readonly onHint: (fileName: string) => void
  /** The folder was removed or moved: time to renew. Like a hint, this event may be lost. */
  readonly onGone: () => void
  readonly onError: (error: unknown) => void
  /** By default as the platform and the file system of the folder need it. */
  readonly way?: WatchWay
}

/** Short enough for a backup to be known within 2 s of its end. */
const pollingIntervalMs = 1000

/** The watch of a file ends only with the whole watch, so some that are no longer written are tolerated. */
const mostStale = 50

/** Watches the files directly in `folder`, which need not exist yet. */
export function watchFolder(options: FolderWatchOptions): FolderWatch {
  const { folder, isLive } = options
  let watcher: FSWatcher | undefined
  let watchedInode: bigint | undefined
  let isClosed = false

  async function renew(): Promise<boolean> {
    const inode = await inodeOrEnd()
    if (inode === watchedInode && staleFiles() <= mostStale) return false
    await end()
    if (isClosed) return false
    watchedInode = inode
    if (inode !== undefined) watcher = startWatcher(options)
    return inode !== undefined
  }

  async function inodeOrEnd(): Promise<bigint | undefined> {
    try {
      return inodeOf(folder)
    } catch (error) {
      await end()
      throw error
    }
  }

  function staleFiles(): number {
    const watched = watcher?.getWatched()[folder] ?? []
    return watched.filter((fileName) => !isLive(fileName)).length
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

  return { folder, renew, isThere: () => watchedInode !== undefined, close }
}

function startWatcher(options: FolderWatchOptions): FSWatcher {
  const { folder, isLive, onHint, onGone, onError } = options
  const way = options.way ?? watchWayOf(folder)
  const hint = (path: string) => onHint(basename(path))
  return watch(folder, {
    depth: 0,
    followSymlinks: false,
    backend: way === 'polling' ? 'polling' : 'auto',
    pollingInterval: pollingIntervalMs,
    ignored: (path) => path !== folder && !isLive(basename(path)),
  })
    .on('add', hint)
    .on('change', hint)
    .on('unlinkDir', onGone)
    .on('error', onError)
}

/** Undefined where there is no folder; throws where it can't be looked at (EACCES, EIO, ESTALE). */
function inodeOf(folder: string): bigint | undefined {
  return statSync(folder, { bigint: true, throwIfNoEntry: false })?.ino
}
