// The folder that the agent believes: whoever else could write there could forget failures, or make up successes.

import { chmod, mkdir, stat } from 'node:fs/promises'

/** What is wrong with the folder; its message says how to mend it. */
export class StateDirectoryError extends Error {
  override readonly name = 'StateDirectoryError'
}

/**
 * Creates the folder for its owner alone, or checks one that is there: it must belong to this user or to root, and nobody
 * else may write to it. What others may only read is closed to them.
 */
export async function prepareStateDirectory(folder: string): Promise<void> {
  await preparePrivateFolder(folder, 0o022)
}

/** The same, but the group may write: that of a Kopia that runs as another user. */
export async function prepareSpool(folder: string): Promise<void> {
  await preparePrivateFolder(folder, 0o002)
}

async function preparePrivateFolder(folder: string, forbiddenMode: number): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const { uid, mode } = await stat(folder)
  const own = process.getuid?.() ?? uid
  if (uid !== own && uid !== 0) {
    throw new StateDirectoryError(
      `${folder} belongs to user ${uid}, expected ${own} or root: run chown ${own} '${folder}'`,
    )
  }
  if ((mode & forbiddenMode) !== 0) {
    const found = (mode & 0o777).toString(8)
    throw new StateDirectoryError(
      `others can write to ${folder} (its mode is ${found}): see what is in it, then run chmod 700 '${folder}'`,
    )
  }
  if ((mode & 0o005) !== 0 && uid === own) await chmod(folder, mode & 0o770)
}
