// One agent per state directory: two would count every attempt twice.

import { link, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { hasCode, readIfThere } from '../util/files.ts'
import { holderText, livingHolder } from './lock-holder.ts'

type Lock =
  | { readonly kind: 'taken'; readonly release: () => Promise<void> }
  | { readonly kind: 'held'; readonly processId: number }

const fileName = 'agent.pid'
/** A starter's own file, `agent.pid.HOLDER`: complete before it is linked to the lock's name. */
const starterPrefix = `${fileName}.`

/** Enough for many starters at once; all tries together take up to half a minute. */
const mostTries = 100

/**
 * Takes the lock of the directory for a living process, or returns the process that holds it. A lock whose holder is gone is
 * taken over.
 */
export async function takeLock(stateDirectory: string, processId: number): Promise<Lock> {
  const own = holderText(processId)
  let waitsFor = processId
  for (let time = 0; time < mostTries; time += 1) {
    const result = await tryLock(stateDirectory, own, processId)
    if (result.kind !== 'again') return result
    waitsFor = result.waitsFor
    // Starters that saw each other wait for random times, longer each time, so that one soon finds itself alone.
    await sleep(Math.random() * Math.min(500, 20 * (time + 1)))
  }
  return { kind: 'held', processId: waitsFor }
}

/** The pid of the living agent that holds the lock; undefined where none does. */
export async function lockHolder(stateDirectory: string): Promise<number | undefined> {
  return livingHolder((await readIfThere(join(stateDirectory, fileName))) ?? '')
}

/** `waitsFor` is another starter that may be taking over a dead lock now. */
type Try = Lock | { readonly kind: 'again'; readonly waitsFor: number }

/**
 * One try. link(2) fails where the lock exists, so of several starters one creates it. Removing a dead lock is safe only
 * for one at a time, since another may have replaced it by then: a starter does it only while it sees no other starter's
 * file, and its own file, which is there from before it looks until it is through, keeps those off that come later.
 */
async function tryLock(stateDirectory: string, own: string, processId: number): Promise<Try> {
  const path = join(stateDirectory, fileName)
  const starter = join(stateDirectory, starterPrefix + own)
  const release = () => releaseLock(path, own)
  try {
    await writeFile(starter, `${own}\n`, { mode: 0o600 })
    if (await linkIfFree(starter, path)) return { kind: 'taken', release }
    const [other] = await otherStarters(stateDirectory, own)
    const holder = await lockHolder(stateDirectory)
    if (holder !== undefined && holder !== processId) return { kind: 'held', processId: holder }
    if (other !== undefined) return { kind: 'again', waitsFor: other }
    await rm(path, { force: true })
    if (await linkIfFree(starter, path)) return { kind: 'taken', release }
    return { kind: 'again', waitsFor: processId }
  } finally {
    await rm(starter, { force: true })
  }
}

/** The pids of other living starters. What a killed one left is removed: nobody else uses its name. */
async function otherStarters(stateDirectory: string, own: string): Promise<readonly number[]> {
  const living: number[] = []
  for (const name of await readdir(stateDirectory)) {
    const text = name.startsWith(starterPrefix) ? name.slice(starterPrefix.length) : own
    if (text === own) continue
    const processId = livingHolder(text)
    if (processId === undefined) await rm(join(stateDirectory, name), { force: true })
    else living.push(processId)
  }
  return living
}

/** A starter in another container, which can't see this process, may have removed `from`. */
async function linkIfFree(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST') || hasCode(error, 'ENOENT')) return false
    throw error
  }
}

/** Leaves a lock that is another's by now. */
async function releaseLock(path: string, own: string): Promise<void> {
  if ((await readIfThere(path))?.trim() === own) await rm(path, { force: true })
}
