// Keeps the ledger on disk: after a crash at any point there is the old state or the new one, never none.

import { open, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { inPieces } from '../util/chunked-text.ts'
import { readIfThere } from '../util/files.ts'
import { emptyLedger, type LedgerData } from './ledger.ts'

export type LoadedLedger =
  | { readonly kind: 'loaded' | 'new'; readonly data: LedgerData }
  /** The file was no ledger: it is kept under `keptAs`, and counting begins anew. */
  | {
      readonly kind: 'unreadable'
      readonly data: LedgerData
      readonly reason: string
      readonly keptAs: string
    }

const fileName = 'ledger.json'

/** Reads the ledger in `stateDirectory`. */
export async function loadLedger(stateDirectory: string, nowSeconds: number): Promise<LoadedLedger> {
  const path = join(stateDirectory, fileName)
  const text = await readIfThere(path)
  if (text === undefined) return { kind: 'new', data: emptyLedger }
  try {
    return { kind: 'loaded', data: parseLedger(text) }
  } catch (error) {
    const keptAs = `${path}.unreadable-${Math.trunc(nowSeconds)}`
    await rename(path, keptAs)
    const reason = error instanceof Error ? error.message : String(error)
    return { kind: 'unreadable', data: emptyLedger, reason, keptAs }
  }
}

export type SeenLedger =
  | { readonly kind: 'loaded'; readonly data: LedgerData; readonly savedAt: number }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreadable'; readonly reason: string }

/** Reads the ledger for those who only look, and touches nothing. `savedAt` in Unix seconds. */
export async function lookAtLedger(stateDirectory: string): Promise<SeenLedger> {
  const path = join(stateDirectory, fileName)
  try {
    const text = await readIfThere(path)
    if (text === undefined) return { kind: 'missing' }
    const { mtimeMs } = await stat(path)
    return { kind: 'loaded', data: parseLedger(text), savedAt: mtimeMs / 1000 }
  } catch (error) {
    return { kind: 'unreadable', reason: error instanceof Error ? error.message : String(error) }
  }
}

/** Writes it beside the old one, makes sure that it is on the disk, then puts it in the old one's place. */
export async function saveLedger(stateDirectory: string, data: LedgerData): Promise<void> {
  const path = join(stateDirectory, fileName)
  const temporary = `${path}.part`
  await writeDurably(temporary, inPieces(textsOf(data)))
  await rename(temporary, path)
  await syncDirectory(stateDirectory)
}

/** The file is this program's own, so its version vouches for the shape of what is in it. */
function parseLedger(text: string): LedgerData {
  const data: unknown = JSON.parse(text)
  if (!isLedger(data)) throw new Error('it is not a ledger of version 1')
  return data
}

function isLedger(data: unknown): data is LedgerData {
  if (typeof data !== 'object' || data === null || !('version' in data) || data.version !== 1) return false
  return ['sources', 'repository', 'commands', 'runs'].every((key) => {
    const part: unknown = Reflect.get(data, key)
    return typeof part === 'object' && part !== null
  })
}

/** The JSON of the ledger, with each source in a text of its own: there may be 10,000 of them. */
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

/** Without it the renaming itself can be lost with the power: rename(2) is durable only with its directory. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
