// The folder in which hooks leave their events. An event is removed only once the ledger that holds it is on disk.

import { constants } from 'node:fs'
import { lstat, open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { HookCall } from '../kopia/runs/run.ts'
import { largestEventBytes, parseEvent } from './event.ts'

export type SpooledEvent = { readonly fileName: string; readonly call: HookCall }

export type Spool = {
  readonly folder: string
  /** The events that were not taken before, oldest first. A broken one is set aside and told to `onBroken`. */
  readonly take: () => Promise<readonly SpooledEvent[]>
  /** Removes what is no event and a week old: halves that killed hooks left, and what was set aside. */
  readonly tidy: (nowSeconds: number) => Promise<void>
  /** Removes events that were taken and are safe in the ledger. */
  readonly remove: (fileNames: Iterable<string>) => Promise<void>
}

const eventSuffix = '.event'
const brokenSuffix = '.broken'
const keepOthersSeconds = 7 * 24 * 3600

/** True for the name of a complete event; hooks write under another name and rename. */
export function isEventName(fileName: string): boolean {
  return fileName.endsWith(eventSuffix)
}

/** Binds the spool in `folder`. */
export function createSpool(folder: string, onBroken: (fileName: string, reason: string) => void): Spool {
  const taken = new Set<string>()

  async function take(): Promise<readonly SpooledEvent[]> {
    const events: SpooledEvent[] = []
    for (const fileName of await readdir(folder)) {
      if (!isEventName(fileName) || taken.has(fileName)) continue
      const event = await takeOne(fileName)
      if (event === undefined) continue
      taken.add(fileName)
      events.push(event)
    }
    return events.sort((one, other) => one.call.at - other.call.at)
  }

  async function takeOne(fileName: string): Promise<SpooledEvent | undefined> {
    try {
      return { fileName, call: await readEvent(join(folder, fileName)) }
    } catch (error) {
      await setAside(fileName, error instanceof Error ? error.message : String(error))
      return undefined
    }
  }

  async function setAside(fileName: string, reason: string): Promise<void> {
    taken.add(fileName)
    onBroken(fileName, reason)
    await rename(join(folder, fileName), join(folder, fileName + brokenSuffix)).catch((error: unknown) =>
      onBroken(fileName, `it can't be set aside either: ${error}`),
    )
  }

  async function remove(fileNames: Iterable<string>): Promise<void> {
    for (const fileName of fileNames) {
      // A hook may have dropped it: the spool is bounded.
      await rm(join(folder, fileName), { force: true })
      taken.delete(fileName)
    }
  }

  async function tidy(nowSeconds: number): Promise<void> {
    for (const fileName of await readdir(folder)) {
      if (isEventName(fileName)) continue
      const { mtimeMs } = await lstat(join(folder, fileName))
      if (nowSeconds - mtimeMs / 1000 > keepOthersSeconds)
        await rm(join(folder, fileName), { recursive: true })
    }
  }

  return { folder, take, tidy, remove }
}

/** Symlinks are not followed and pipes not waited for: open(2), O_NOFOLLOW and O_NONBLOCK. */
async function readEvent(path: string): Promise<HookCall> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const stats = await file.stat()
    if (!stats.isFile()) throw new Error('it is no regular file')
    const buffer = Buffer.alloc(largestEventBytes + 1)
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0)
    return parseEvent(buffer.subarray(0, bytesRead), stats.mtimeMs / 1000)
  } finally {
    await file.close()
  }
}
