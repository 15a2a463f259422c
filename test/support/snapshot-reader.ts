// A repository with one snapshot of all kinds of files, and readers of it.

import assert from 'node:assert/strict'
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  createRepositoryReader,
  type Entry,
  type ReaderOptions,
  type ReadResult,
  type RepositoryReader,
  type SnapshotRoot,
  type VerifyReport,
} from '../../agent/kopia/cli/repository-reader.ts'
import type { Cleanable } from './cleanup.ts'
import { temporaryFolder } from './folder.ts'
import { createKopiaLab, type KopiaLab } from './kopia.ts'
import { tool } from './tools.ts'

export type SnapshotLab = {
  readonly folder: string
  readonly repository: string
  readonly source: string
  readonly kopia: KopiaLab
  /** Each has a cache of its own, which is empty. */
  readonly newReader: (options?: Partial<ReaderOptions>) => Promise<RepositoryReader>
}

export const hostileNames = [
  'line\nend',
  'co: lon',
  '..x',
  '-x',
  'n'.repeat(255),
  'x.zip',
  '": backed by missing blob "',
]

export const bigBytes = 300_000

/** Creates a repository. Its log directory is below `folder`. */
export async function createSnapshotLab(context: Cleanable): Promise<SnapshotLab> {
  const folder = await temporaryFolder(context)
  const kopia = await createKopiaLab(join(folder, 'kopia'), join(folder, 'state'))
  let readers = 0
  return {
    folder,
    repository: join(folder, 'kopia', 'repository'),
    source: join(folder, 'source'),
    kopia,
    newReader: async (options = {}) => {
      readers += 1
      const cacheDirectory = join(folder, `cache-${readers}`)
      await mkdir(cacheDirectory)
      return createRepositoryReader({
        binary: tool('kopia'),
        configPath: kopia.environment.KOPIA_CONFIG_PATH ?? '',
        password: kopia.environment.KOPIA_PASSWORD ?? '',
        logDirectory: kopia.logDirectory,
        ownLogDirectory: join(folder, 'own-logs'),
        signal: new AbortController().signal,
        timeLimitMs: undefined,
        startedThrough: [],
        cacheDirectory,
        endsAtMs: Date.now() + 60_000,
        ...options,
      })
    },
  }
}

/** Fills the source and backs it up. */
export async function makeSnapshot({ source, kopia }: SnapshotLab): Promise<void> {
  await mkdir(join(source, 'deep'), { recursive: true })
  const big = Buffer.alloc(bigBytes)
  for (let at = 0; at < bigBytes; at += 1) big[at] = (at * 2654435761) >>> 13
  await writeFile(join(source, 'deep', 'big'), big)
  await writeFile(join(source, 'setuid'), 'runs as its owner')
  await chmod(join(source, 'setuid'), 0o4755)
  await symlink('deep/big', join(source, 'link'))
  for (const name of hostileNames) await writeFile(join(source, name), `in ${name}`)
  await writeFile(Buffer.concat([Buffer.from(join(source, 'bad-')), Buffer.from([0xff, 0xfe])]), 'no UTF-8')
  await kopia.must('snapshot', 'create', source)
}

export function readOf<T>(result: ReadResult<T>): T {
  assert.ok(result.ok, JSON.stringify(result))
  return result.value
}

export async function rootOf(lab: SnapshotLab): Promise<SnapshotRoot> {
  const roots = [...readOf(await (await lab.newReader()).newestRoots()).values()]
  const [root] = roots
  assert.ok(root !== undefined && roots.length === 1)
  return root
}

/** Verifies all files with a fresh cache. */
export async function verifyAll(lab: SnapshotLab, root: SnapshotRoot): Promise<ReadResult<VerifyReport>> {
  const options = { percent: 100, parallel: 2, mostBytes: 1e9, onProgress: () => undefined }
  return (await lab.newReader()).verifySnapshot(root, options)
}

export async function entriesOf(reader: RepositoryReader, directoryId: string): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>()
  readOf(await reader.readDirectory(directoryId, (entry) => entries.set(entry.name, entry)))
  return entries
}
