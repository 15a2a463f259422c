// Reads snapshots back from the repository: what is there, what can be read, what can be restored.

import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../../util/error-text.ts'
import { createLineSplitter } from '../../util/lines.ts'
import { oneLine } from '../../util/secrets.ts'
import { createDirectoryReader } from './directory-reader.ts'
import { createRootsReader } from './newest-roots.ts'
import { watchReads } from './read-watch.ts'
import type { ReadResult, RepositoryReader, SnapshotRoot, VerifyOptions, VerifyReport } from './reading.ts'
import {
  createStreamedKopia,
  isRefused,
  type ReaderOptions,
  type StreamedCall,
  type StreamedKopia,
} from './streamed-call.ts'
import { verifyObject } from './verify-object.ts'
import { createVerifyOutput } from './verify-output.ts'

export type {
  Entry,
  ObjectFailure,
  ReadFailure,
  ReadResult,
  RepositoryReader,
  SnapshotRoot,
  VerifyOptions,
  VerifyReport,
} from './reading.ts'
export type { ReaderOptions } from './streamed-call.ts'

/** Kopia can go on to find errors for hours; more of them tell nothing new. */
const mostErrors = 100
/** Beside the files Kopia reads its index, and blobs of directories as a whole. */
const spareBytes = 64 * 1024 * 1024
const bytesPerObject = 500

/** Binds the options. */
export function createRepositoryReader(options: ReaderOptions): RepositoryReader {
  const kopia = createStreamedKopia(options)
  let flags: readonly string[] = [jsonFlag]
  // Whether something is lost must not be told by an older list of the repository's indexes.
  const forgetLists = () => rm(join(options.cacheDirectory, listsFolder), { recursive: true, force: true })
  return {
    newestRoots: async () => {
      await forgetLists()
      const roots = createRootsReader()
      const lines = createLineSplitter(roots.addLine)
      return read(kopia, { command: ['snapshot', 'list', '--all', '--json'], onChunk: lines.add }, () => {
        lines.end()
        return roots.end()
      })
    },
    verifySnapshot: async (root, verify) => {
      const result = await verifySnapshot(kopia, root, verify, flags)
      if (result !== 'json refused') return result
      flags = []
      const plain = await verifySnapshot(kopia, root, verify, flags)
      return plain === 'json refused' ? unexpected('it refused --json, which it was not given') : plain
    },
    verifyObject: async (objectPath, mostBytes = Number.POSITIVE_INFINITY) => {
      await forgetLists()
      return await verifyObject(kopia, objectPath, mostBytes)
    },
    readDirectory: (directoryId, onEntry) => {
      const directory = createDirectoryReader(onEntry)
      return read(kopia, { command: ['show', '--', directoryId], onChunk: directory.add }, directory.end)
    },
    readObject: (objectId, onChunk) => read(kopia, { command: ['show', '--', objectId], onChunk }, nothing),
    restoreFile: (objectId, target) =>
      read(kopia, { command: [...restoreCommand, '--', objectId, target], onChunk: nothing }, nothing),
  }
}

/** In the cache (repo/content/committed_read_manager.go). */
const listsFolder = 'blob-list'
/** Kopia before 0.21 does not know it. */
const jsonFlag = '--json'

/** As a file, whatever its name ends in: `x.zip` would become an archive. */
const restoreCommand = [
  'restore',
  '--mode=local',
  '--skip-owners',
  '--skip-permissions',
  '--skip-times',
  '--no-overwrite-files',
  '--no-overwrite-symlinks',
]

async function verifySnapshot(
  kopia: StreamedKopia,
  root: SnapshotRoot,
  { percent, parallel, mostBytes, onProgress }: VerifyOptions,
  flags: readonly string[],
): Promise<ReadResult<VerifyReport> | 'json refused'> {
  const output = createVerifyOutput(root, onProgress, kopia.failureOf)
  const limit = () => 2 * mostBytes + spareBytes + bytesPerObject * output.expectedObjects()
  const end = await kopia.call({
    command: [
      'snapshot',
      'verify',
      ...flags,
      `--verify-files-percent=${percent}`,
      `--parallel=${parallel}`,
      `--file-parallelism=${parallel}`,
      `--max-errors=${mostErrors}`,
      '--',
      root.snapshotId,
    ],
    onChunk: output.addChunk,
    onErrorLine: output.addErrorLine,
    watch: (pid, endWith) =>
      watchReads(pid, limit, (bytes) => {
        const reason = `Kopia read ${bytes} bytes, expected at most ${limit()}: it was ended`
        endWith({ kind: 'over budget', reason })
      }),
  })
  if (isRefused(end, jsonFlag)) return 'json refused'
  if (end.kind === 'failed') return output.endEarly(end.failure)
  return output.end(end.kind === 'error' ? end.text : undefined)
}

async function read<T>(kopia: StreamedKopia, call: StreamedCall, parse: () => T): Promise<ReadResult<T>> {
  const end = await kopia.call(call)
  if (end.kind === 'failed') return { ok: false, failure: end.failure }
  if (end.kind === 'error') return { ok: false, failure: kopia.failureOf(end.text) }
  try {
    return { ok: true, value: parse() }
  } catch (error) {
    return unexpected(messageOf(error))
  }
}

function unexpected(problem: string): ReadResult<never> {
  return { ok: false, failure: { kind: 'read', reason: oneLine(`unexpected answer of Kopia: ${problem}`) } }
}

function nothing(): undefined {
  return undefined
}
