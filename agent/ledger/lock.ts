// One agent per state directory: two would count everything twice.

import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findLiving, isAlive } from '../kopia/runs/process.ts'
import { hasCode, readIfThere } from '../util/files.ts'

export type Lock =
  | { readonly kind: 'taken'; readonly release: () => Promise<void> }
  | { readonly kind: 'held'; readonly processId: number }

const fileName = 'agent.pid'

/**
 * Takes the directory's lock, or says which living process holds it. The lock tells the holder by pid and start time: after
 * the power went, its pid may be another's.
 */
export async function takeLock(stateDirectory: string, processId: number): Promise<Lock> {
  const path = join(stateDirectory, fileName)
  const own = `${processId} ${findLiving(processId)}\n`
  for (;;) {
    try {
      await writeFile(path, own, { flag: 'wx', mode: 0o600 })
      return { kind: 'taken', release: () => unlink(path) }
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error
    }
    const found = (await readIfThere(path)) ?? ''
    const holder = livingHolder(found)
    if (holder !== undefined && holder !== processId) return { kind: 'held', processId: holder }
    await takeAway(path, found, processId)
  }
}

/** The pid of the living agent that holds the lock; undefined where none does. */
export async function lockHolder(stateDirectory: string): Promise<number | undefined> {
  return livingHolder((await readIfThere(join(stateDirectory, fileName))) ?? '')
}

/** It was killed and left its lock. Another agent may do the same now: only what was found goes away. */
async function takeAway(path: string, found: string, processId: number): Promise<void> {
  const aside = `${path}.${processId}`
  try {
    await rename(path, aside)
    if ((await readFile(aside, 'utf8')) !== found) await link(aside, path)
    await unlink(aside)
  } catch (error) {
    if (!hasCode(error, 'ENOENT') && !hasCode(error, 'EEXIST')) throw error
  }
}

function livingHolder(text: string): number | undefined {
  const [, pid, identity = ''] = /^(\d+) (\S+)$/.exec(text.trim()) ?? []
  return pid !== undefined && isAlive(Number(pid), identity) ? Number(pid) : undefined
}
