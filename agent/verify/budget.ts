// How much of one source is read, so that a whole run stays below its limit.

import { statfs } from 'node:fs/promises'
import type { Entry, SnapshotRoot } from '../kopia/cli/repository-reader.ts'

/** Each restored file is read twice. */
const readings = 2

/** What is left of a run's bytes, for each of the sources that are still to come. */
export function shareOf(leftBytes: number, sourcesLeft: number): number {
  return Math.max(0, Math.floor(leftBytes / Math.max(1, sourcesLeft)))
}

/**
 * The percentage of the files to read so that about half of `mostBytes` suffices where files are restored, too, else all of
 * it. Kopia chooses the files, and reads each as a whole.
 */
export function percentWithin(
  { root }: SnapshotRoot,
  wantedPercent: number,
  restoreFiles: number,
  mostBytes: number,
): number {
  if (root.sizeBytes === 0) return wantedPercent
  const forReading = restoreFiles > 0 ? mostBytes / readings : mostBytes
  return Math.min(wantedPercent, (100 * forReading) / root.sizeBytes)
}

/** Whether a file can be restored: within the bytes that are left, and beside what else needs the disk. */
export function fitsIn(entry: Entry, leftBytes: number, freeBytes: number): boolean {
  return readings * entry.sizeBytes <= leftBytes && entry.sizeBytes <= freeBytes
}

/** Left for others on the disk. */
const reservedBytes = 128 * 2 ** 20

/** How much may be restored in the folder. Rejects where the system does not tell. */
export async function freeBytesFor(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize - reservedBytes
}
