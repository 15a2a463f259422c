// Helpers for files that may be missing.

import { readFile } from 'node:fs/promises'

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
