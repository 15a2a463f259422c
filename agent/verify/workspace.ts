// The private folder of one run: a copy of Kopia's configuration with a cache of its own, and room for restored files.

import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { passwordPathOf } from '../kopia/cli/password.ts'
import { takeLock } from '../ledger/lock.ts'
import { prepareStateDirectory } from '../ledger/state-directory.ts'
import { removeUnfinished } from '../ledger/verification-files.ts'
import { messageOf } from '../util/error-text.ts'
import { readIfThere } from '../util/files.ts'
import { asRecord, parseJson } from '../util/json.ts'

export type Workspace = {
  readonly configurationPath: string
  readonly cacheDirectory: string
  /** Where files are restored. Nobody else can enter it. */
  readonly restoreFolder: string
  /** Forgets the contents of files that were read, so that the next call reads them from the repository again. */
  readonly forgetContents: () => Promise<void>
  /** Removes everything, and lets the next run begin. */
  readonly close: () => Promise<void>
}

export type WorkspaceResult =
  | { readonly kind: 'open'; readonly workspace: Workspace }
  /** Another run is under way. */
  | { readonly kind: 'held'; readonly processId: number }

/** Of a connection to the storage, and of a client of a server (repo/open.go). */
const contentCaches = ['contents', 'server-contents']
const mebibyte = 2 ** 20
/** Contents are read once, so that their cache only has to hold what is under way. */
const mostContentBytes = 64 * mebibyte
/** As Kopia has it by default. Without, each call would list the indexes again: most of what a storage charges for. */
const listsAreValidSeconds = 30
/** Directories are read again and again: by each call, and by the next source. */
const mostMetadataBytes = 1024 * mebibyte

/**
 * Opens the workspace of the state directory for this process, and removes what a killed run has left there. Rejects where the
 * configuration can't be copied; the message says why.
 */
export async function openWorkspace(
  stateDirectory: string,
  kopiaConfigurationPath: string,
): Promise<WorkspaceResult> {
  const folder = verifyFolderOf(stateDirectory)
  await prepareStateDirectory(folder)
  const lock = await takeLock(folder, process.pid)
  if (lock.kind === 'held') return lock
  const work = join(folder, 'work')
  const close = async () => {
    await removeWhole(work)
    await lock.release()
  }
  try {
    await removeWhole(work)
    await removeUnfinished(stateDirectory)
    return { kind: 'open', workspace: { ...(await fill(work, kopiaConfigurationPath)), close } }
  } catch (error) {
    await close()
    throw error
  }
}

/** Removes what a killed run has left, unless another run is under way. */
export async function removeLeftovers(stateDirectory: string): Promise<void> {
  const folder = verifyFolderOf(stateDirectory)
  if (!existsSync(join(folder, 'work'))) return
  const lock = await takeLock(folder, process.pid)
  if (lock.kind === 'held') return
  try {
    await removeUnfinished(stateDirectory)
    await removeWhole(join(folder, 'work'))
  } finally {
    await lock.release()
  }
}

function verifyFolderOf(stateDirectory: string): string {
  return resolve(stateDirectory, 'verify')
}

/** A Kopia whose parent was killed may write for another moment. */
async function removeWhole(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
}

async function fill(work: string, original: string): Promise<Omit<Workspace, 'close'>> {
  const cacheDirectory = join(work, 'cache')
  const restoreFolder = join(work, 'restored')
  for (const folder of [work, cacheDirectory, restoreFolder]) await mkdir(folder, { mode: 0o700 })
  const configurationPath = join(work, 'repository.config')
  const copy = copyOf(await readConfiguration(original), cacheDirectory)
  await writeFile(configurationPath, JSON.stringify(copy), { mode: 0o600, flag: 'wx' })
  const password = await readIfThere(passwordPathOf(original))
  if (password !== undefined) {
    await writeFile(passwordPathOf(configurationPath), password, { mode: 0o600, flag: 'wx' })
  }
  return {
    configurationPath,
    cacheDirectory,
    restoreFolder,
    forgetContents: async () => {
      for (const name of contentCaches) await removeWhole(join(cacheDirectory, name))
    },
  }
}

async function readConfiguration(path: string): Promise<Record<string, unknown>> {
  try {
    return asRecord(parseJson(await readFile(path, 'utf8')), 'its content')
  } catch (error) {
    const problem = messageOf(error)
    throw new Error(`Kopia's configuration ${path} can't be copied: ${problem}`)
  }
}

/** The configuration with a cache of its own, and read-only, so that nothing can be written to the repository. */
function copyOf(configuration: Record<string, unknown>, cacheDirectory: string): Record<string, unknown> {
  return {
    ...configuration,
    readonly: true,
    // It would pass over an index that can't be read (repo/content/committed_content_index.go).
    permissiveCacheLoading: false,
    caching: {
      cacheDirectory,
      maxCacheSize: mostContentBytes,
      contentCacheSizeLimitBytes: mostContentBytes,
      maxMetadataCacheSize: mostMetadataBytes,
      metadataCacheSizeLimitBytes: mostMetadataBytes,
      maxListCacheDuration: listsAreValidSeconds,
    },
  }
}
