// The state directory's permissions: whoever else can write there could remove failures or invent successes.

import { chmod, mkdir, stat } from 'node:fs/promises'

/** The folder can't be trusted; the message says how to repair it. */
class StateDirectoryError extends Error {
  override readonly name = 'StateDirectoryError'
}

/**
 * Creates the folder for its owner alone, or checks an existing one: it must belong to this user or to root, and nobody else
 * may write to it. Read access for others is taken away. They may pass: below it are the directories of agents with a name, whose users can
 * differ, and all else in it is private by itself.
 */
export async function prepareStateDirectory(folder: string): Promise<void> {
  await preparePrivateFolder(folder, 0o022, 0o004)
}

/** The same, except that the group may write: a Kopia that runs as another user leaves its events there. */
export async function prepareSpool(folder: string): Promise<void> {
  await preparePrivateFolder(folder, 0o002, 0o005)
}

async function preparePrivateFolder(
  folder: string,
  forbiddenMode: number,
  removedMode: number,
): Promise<void> {
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
  if ((mode & removedMode) !== 0 && uid === own) await chmod(folder, mode & 0o777 & ~removedMode)
}
