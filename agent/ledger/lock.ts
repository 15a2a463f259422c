// One agent per state directory: two would count everything twice.

import { mkdir, readFile, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findLiving } from '../kopia/process.ts'

export type Lock =
  | { readonly kind: 'taken'; readonly release: () => Promise<void> }
  | { readonly kind: 'held'; readonly processId: number }

const fileName = 'agent.pid'

/** The living process that holds the directory's lock; undefined where there is none. */
export async function lockHolder(stateDirectory: string): Promise<number | undefined> {
  const holder = Number(await readFile(join(stateDirectory, fileName), 'utf8').catch(() => ''))
  return holder > 0 && findLiving(holder) !== undefined ? holder : undefined
}

/** Takes the directory's lock, which is created if it is missing, or says which living process holds it. */
export async function takeLock(stateDirectory: string, processId: number): Promise<Lock> {
  await mkdir(stateDirectory, { recursive: true, mode: 0o700 })
  const path = join(stateDirectory, fileName)
  for (;;) {
    try {
      await writeFile(path, `${processId}\n`, { flag: 'wx', mode: 0o600 })
      return { kind: 'taken', release: () => unlink(path) }
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
    const holder = await lockHolder(stateDirectory)
    if (holder !== undefined && holder !== processId) return { kind: 'held', processId: holder }
    // It was killed and left its file: take it away and try again.
    await unlink(path).catch(() => undefined)
  }
}
