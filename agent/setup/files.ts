// The files that finding looks at. Tests hand in their own.

import { readdir, readFile, stat } from 'node:fs/promises'

export type Files = {
  /** The names in a folder; none where there is no such folder, undefined where it is closed to this user. */
  readonly list: (folder: string) => Promise<readonly string[] | undefined>
  /** The text; undefined where there is no such file or it can't be read. */
  readonly read: (path: string) => Promise<string | undefined>
  /** The owner's number; undefined where there is nothing. */
  readonly ownerOf: (path: string) => Promise<number | undefined>
}

/** The files of this machine. */
export const machineFiles: Files = {
  list: async (folder) => {
    try {
      return await readdir(folder)
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      return code === 'ENOENT' || code === 'ENOTDIR' ? [] : undefined
    }
  },
  read: (path) => readFile(path, 'utf8').catch(() => undefined),
  ownerOf: async (path) => (await stat(path).catch(() => undefined))?.uid,
}
