// Decides how to learn of writes to the files of a folder: by the events of the file system, or by looking again and again.

import { fileSystemOf, isOfHost } from '../util/mounts.ts'

export type WatchWay = 'events' | 'polling'

/**
 * Pure. A folder of a host gives no events of what the host writes (microsoft/WSL#4739). macOS tells of a write once the file is
 * closed (vn_close in xnu's bsd/vfs/vfs_vnops.c), and the log of a server is open for days.
 */
export function watchWay(platform: NodeJS.Platform, fileSystem: string | undefined): WatchWay {
  return platform === 'darwin' || isOfHost(fileSystem) ? 'polling' : 'events'
}

/** How to watch this folder on this machine. */
export function watchWayOf(folder: string): WatchWay {
  return watchWay(process.platform, fileSystemOf(folder))
}
