// The folder in which hooks leave their events. An event is removed only after the ledger that counts it is on disk.

import { lstat, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { HookCall } from '../kopia/runs/run.ts'
import { prepareSpool } from '../ledger/state-directory.ts'
import { messageOf } from '../util/error-text.ts'
import {
  createFaultReporter,
  type FaultListener,
  keyOfFault,
  type ReportFaults,
} from '../util/fault-reporter.ts'
import { hasCode } from '../util/files.ts'
import { readEventFile } from './event-file.ts'

type SpooledEvent = { readonly fileName: string; readonly call: HookCall }

/** Called with what the system refuses, once per change; the spool tries again at the next call. */
type SpoolListener = FaultListener & {
  /** Called for each file that is no event; it is set aside as `fileName.broken`. */
  readonly onBroken: (fileName: string, reason: string) => void
}

/** No function rejects: a fault of one file does not stop the others, and all go to the listener. */
export type Spool = {
  readonly folder: string
  /** Returns the events that no call returned before, oldest first. Makes the folder again where it is missing. */
  readonly take: () => Promise<readonly SpooledEvent[]>
  /** Removes what is no event and older than a week: files of hooks that were killed, and what was set aside. */
  readonly tidy: (nowSeconds: number) => Promise<void>
  /** Removes events that are in the ledger on disk. A file that can't be removed is tried again at the next call. */
  readonly remove: (fileNames: Iterable<string>) => Promise<void>
}

const eventSuffix = '.event'
const brokenSuffix = '.broken'
const keepOthersSeconds = 7 * 24 * 3600

/** Whether the name is that of a complete event: hooks write under another name and rename the file. */
export function isEventName(fileName: string): boolean {
  return fileName.endsWith(eventSuffix)
}

/** Opens the spool in `folder`, which `prepareSpool` has made. */
export function createSpool(folder: string, listener: SpoolListener): Spool {
  const taken = new Set<string>()
  const report = createFaultReporter(listener)
  return {
    folder,
    take: createTake(folder, taken, listener.onBroken, report),
    tidy: createTidy(folder, report),
    remove: createRemove(folder, taken, report),
  }
}

function createTake(
  folder: string,
  taken: Set<string>,
  onBroken: SpoolListener['onBroken'],
  report: ReportFaults,
): Spool['take'] {
  async function setAside(fileName: string, reason: string): Promise<void> {
    taken.add(fileName)
    onBroken(fileName, reason)
    await rename(join(folder, fileName), join(folder, fileName + brokenSuffix)).catch((error: unknown) =>
      onBroken(fileName, `it can't be set aside either: ${error}`),
    )
  }

  return async () => {
    const faults = new Map<string, string>()
    const events: SpooledEvent[] = []
    for (const fileName of await namesIn(folder, faults)) {
      if (!isEventName(fileName) || taken.has(fileName)) continue
      const reading = await readEventFile(join(folder, fileName))
      if (reading.kind === 'broken') await setAside(fileName, reading.reason)
      if (reading.kind === 'unreadable') addFault(faults, reading.error)
      if (reading.kind !== 'event') continue
      taken.add(fileName)
      events.push({ fileName, call: reading.call })
    }
    report('take', faults)
    return events.sort((one, other) => one.call.at - other.call.at)
  }
}

function createTidy(folder: string, report: ReportFaults): Spool['tidy'] {
  async function removeIfOld(path: string, nowSeconds: number): Promise<void> {
    const { mtimeMs } = await lstat(path)
    if (nowSeconds - mtimeMs / 1000 > keepOthersSeconds) await rm(path, { recursive: true, force: true })
  }

  return async (nowSeconds) => {
    const faults = new Map<string, string>()
    // `take` reports a folder that can't be read, and makes a missing one again.
    for (const fileName of await readdir(folder).catch(() => [])) {
      if (isEventName(fileName)) continue
      // A hook may rename its file or remove an old one at any moment.
      await removeIfOld(join(folder, fileName), nowSeconds).catch((error: unknown) => {
        if (!hasCode(error, 'ENOENT')) addFault(faults, error)
      })
    }
    report('tidy', faults)
  }
}

function createRemove(folder: string, taken: Set<string>, report: ReportFaults): Spool['remove'] {
  const left = new Set<string>()
  return async (fileNames) => {
    const faults = new Map<string, string>()
    for (const fileName of [...left, ...fileNames]) {
      try {
        // The hook may have deleted it already (it trims the spool to 1,000 files).
        await rm(join(folder, fileName), { force: true })
        left.delete(fileName)
        taken.delete(fileName)
      } catch (error) {
        left.add(fileName)
        addFault(faults, error)
      }
    }
    report('remove', faults)
  }
}

/** The names in the folder; none, and a fault, where it can't be listed. A missing folder is made again. */
async function namesIn(folder: string, faults: Map<string, string>): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) addFault(faults, error)
    else {
      await prepareSpool(folder).then(
        () => faults.set('missing', `${folder} is missing: it is made again`),
        (failure: unknown) => addFault(faults, failure),
      )
    }
    return []
  }
}

function addFault(faults: Map<string, string>, error: unknown): void {
  const key = keyOfFault(error)
  if (!faults.has(key)) faults.set(key, messageOf(error))
}
