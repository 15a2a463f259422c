// Saves the ledger on disk: a crash at any moment leaves the old ledger or the new one, never none.

import { open, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { inPieces } from '../util/chunked-text.ts'
import { messageOf } from '../util/error-text.ts'
import { readIfThere } from '../util/files.ts'
import { emptyLedger, type LedgerData } from './ledger.ts'
import { migrateLedger, NewerLedgerError } from './migration.ts'

export type LoadedLedger =
  | { readonly kind: 'loaded' | 'new'; readonly data: LedgerData }
  /** The file was no ledger: it was renamed to `keptAs`, and counters begin anew. */
  | {
      readonly kind: 'unreadable'
      readonly data: LedgerData
      readonly reason: string
      readonly keptAs: string
    }

const fileName = 'ledger.json'

/**
 * Reads the ledger of `stateDirectory`. Rejects, and leaves the file as it is, where a newer version of this program wrote it:
 * its counters would be lost otherwise.
 */
export async function loadLedger(stateDirectory: string, nowSeconds: number): Promise<LoadedLedger> {
  const path = join(stateDirectory, fileName)
  const text = await readIfThere(path)
  if (text === undefined) return { kind: 'new', data: emptyLedger }
  try {
    return { kind: 'loaded', data: migrateLedger(JSON.parse(text)) }
  } catch (error) {
    if (error instanceof NewerLedgerError) {
      throw new Error(`${path} can't be used: ${error.message}`)
    }
    const keptAs = `${path}.unreadable-${Math.trunc(nowSeconds)}`
    await rename(path, keptAs)
    return { kind: 'unreadable', data: emptyLedger, reason: messageOf(error), keptAs }
  }
}

export type SeenLedger =
  | { readonly kind: 'loaded'; readonly data: LedgerData; readonly savedAt: number }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreadable'; readonly reason: string; readonly cause: 'newer version' | 'fault' }

/** Reads the ledger for commands that only show it, and changes nothing. `savedAt` is in Unix seconds. */
export async function lookAtLedger(stateDirectory: string): Promise<SeenLedger> {
  const path = join(stateDirectory, fileName)
  try {
    const text = await readIfThere(path)
    if (text === undefined) return { kind: 'missing' }
    const { mtimeMs } = await stat(path)
    return { kind: 'loaded', data: migrateLedger(JSON.parse(text)), savedAt: mtimeMs / 1000 }
  } catch (error) {
    const cause = error instanceof NewerLedgerError ? 'newer version' : 'fault'
    return { kind: 'unreadable', reason: messageOf(error), cause }
  }
}

/** Writes the ledger to a new file, waits until it is on the disk, then renames it over the old one. */
export async function saveLedger(stateDirectory: string, data: LedgerData): Promise<void> {
  const path = join(stateDirectory, fileName)
  const temporary = `${path}.part`
  await writeDurably(temporary, inPieces(textsOf(data)))
  await rename(temporary, path)
  await syncDirectory(stateDirectory)
}

/** The JSON of the ledger, one text per source: 10,000 sources as one text would double the memory in use. */
function* textsOf({ sources, ...rest }: LedgerData): Generator<string> {
  yield '{'
  for (const [name, value] of Object.entries(rest)) yield `${JSON.stringify(name)}:${JSON.stringify(value)},`
  yield '"sources":{'
  let separator = ''
  for (const [name, state] of Object.entries(sources)) {
    yield `${separator}${JSON.stringify(name)}:${JSON.stringify(state)}`
    separator = ','
  }
  yield '}}'
}

async function writeDurably(path: string, pieces: AsyncIterable<string>): Promise<void> {
  const file = await open(path, 'w', 0o600)
  try {
    await file.writeFile(pieces)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** A power loss can undo a rename until its directory is on the disk (fsync(2), "Notes"). */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
