// Results of `verify`, on their way into the ledger: it runs beside the agent that keeps the ledger.

import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { formatSource, type Source } from '../kopia/source.ts'
import { messageOf } from '../util/error-text.ts'
import { hasCode } from '../util/files.ts'
import { asRecord, asString, parseJson } from '../util/json.ts'
import type { Verification } from './proof.ts'

type StoredVerification = { readonly source: Source; readonly verification: Verification }

type VerificationFile = StoredVerification & { readonly path: string }

/** Only this program writes these files, so their version vouches for what is inside. Raise it when a field changes. */
const version = 1
const suffix = '.json'
const unfinishedSuffix = '.part'

function folderOf(stateDirectory: string): string {
  return join(stateDirectory, 'verify', 'results')
}

/** Leaves a result for the agent: complete under its name, or not there. Rejects where it can't be written. */
export async function writeVerification(
  stateDirectory: string,
  source: Source,
  verification: Verification,
): Promise<void> {
  const folder = folderOf(stateDirectory)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const hash = createHash('sha256').update(formatSource(source)).digest('hex').slice(0, 32)
  const ofKind = `${hash}-${verification.result.outcome}-`
  const name = `${ofKind}${Math.trunc(verification.startedAt * 1000)}`
  const temporary = join(folder, `${name}${unfinishedSuffix}`)
  await writeFile(temporary, JSON.stringify({ version, source, verification }), { mode: 0o600 })
  await rename(temporary, join(folder, `${name}${suffix}`))
  // Where no agent takes them, one result of each kind remains of each source.
  await removeOlder(folder, ofKind, `${name}${suffix}`)
}

/** Removes what a killed run was writing. Only for the one process that verifies. */
export async function removeUnfinished(stateDirectory: string): Promise<void> {
  const folder = folderOf(stateDirectory)
  const names = (await namesIn(folder)).filter((name) => name.endsWith(unfinishedSuffix))
  await removeVerifications(names.map((name) => ({ path: join(folder, name) })))
}

async function removeOlder(folder: string, ofKind: string, newest: string): Promise<void> {
  const older = (await namesIn(folder)).filter((name) => name.startsWith(ofKind) && name !== newest)
  await removeVerifications(older.map((name) => ({ path: join(folder, name) })))
}

type RefusedFile = { readonly path: string; readonly reason: string }

type SeenVerifications = {
  /** Oldest first. */
  readonly files: readonly VerificationFile[]
  /** Files that are no results, and why. */
  readonly broken: readonly RefusedFile[]
  /** Files that the system does not let this user read now, and why. */
  readonly unreadable: readonly RefusedFile[]
}

/** Reads all results, and changes nothing. Rejects where the folder can't be read. */
export async function readVerifications(stateDirectory: string): Promise<SeenVerifications> {
  const folder = folderOf(stateDirectory)
  const files: VerificationFile[] = []
  const broken: RefusedFile[] = []
  const unreadable: RefusedFile[] = []
  for (const name of await namesIn(folder)) {
    if (!name.endsWith(suffix)) continue
    const path = join(folder, name)
    try {
      files.push({ path, ...parse(await readFile(path, 'utf8')) })
    } catch (error) {
      // Another process may have taken it meanwhile.
      if (hasCode(error, 'ENOENT')) continue
      const isSystemError = error instanceof Error && 'errno' in error
      const refused = isSystemError ? unreadable : broken
      refused.push({ path, reason: messageOf(error) })
    }
  }
  return {
    files: files.toSorted((one, other) => one.verification.startedAt - other.verification.startedAt),
    broken,
    unreadable,
  }
}

/** Removes results that are in a saved ledger, and broken ones. */
export async function removeVerifications(files: readonly { readonly path: string }[]): Promise<void> {
  for (const { path } of files) await rm(path, { force: true })
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  }
}

function parse(text: string): StoredVerification {
  const stored = asRecord(parseJson(text), 'a result')
  if (!isStored(stored)) throw new Error(`it is no result of version ${version}`)
  const { user, host, path } = stored.source
  for (const part of [user, host, path]) asString(part, 'a part of the source')
  return stored
}

function isStored(value: object): value is StoredVerification {
  return 'version' in value && value.version === version && 'source' in value && 'verification' in value
}
