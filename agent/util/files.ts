// Helpers for files that may be missing.

import { constants } from 'node:fs'
import { type FileHandle, open, readFile, rm } from 'node:fs/promises'

/** Whether the system reported this code, such as ENOENT (errno(3)). */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

/** Reads a text file; undefined where there is none. Rejects where it can't be read. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

/**
 * Opens a regular file for reading. Rejects for anything else, without following a symlink and without waiting for the
 * writer of a pipe: O_NOFOLLOW and O_NONBLOCK in open(2).
 */
export async function openRegularFile(path: string): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    if (!(await file.stat()).isFile()) throw new Error('it is not a regular file')
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

/**
 * Creates a file for writing, and removes what has its name. Never writes to where a link leads that somebody else left
 * there: O_EXCL in open(2). Rejects where something of this name can't be removed, or appears meanwhile.
 */
export async function createFile(path: string, mode: number): Promise<FileHandle> {
  await rm(path, { force: true })
  return await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, mode)
}
