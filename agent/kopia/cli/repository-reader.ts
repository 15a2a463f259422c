// Reads snapshots back from the repository: what is there, what can be read, what can be restored.

import { createLineSplitter } from '../../util/lines.ts'
import { oneLine } from '../../util/secrets.ts'
import { createDirectoryReader } from './directory-reader.ts'
import { createUnlogged } from './exec.ts'
import { createRootsReader } from './newest-roots.ts'
import { isDamage, isEntryMissing, isParentNoDirectory } from './read-errors.ts'
import { watchReads } from './read-watch.ts'
import type {
  ReadFailure,
  ReadResult,
  RepositoryReader,
  SnapshotRoot,
  VerifyOptions,
  VerifyReport,
} from './reading.ts'
import {
  failureOf,
  isRefused,
  type ReaderOptions,
  type StreamedCall,
  type StreamedEnd,
  streamKopia,
} from './streamed-call.ts'
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

type Stream = (call: StreamedCall) => Promise<StreamedEnd>

/** Kopia can go on to find errors for hours; more of them tell nothing new. */
const mostErrors = 100
/** Beside the files Kopia reads its index, and blobs of directories as a whole. */
const spareBytes = 64 * 1024 * 1024
const bytesPerObject = 500

const nothingDone: VerifyReport = {
  objects: 0,
  readFiles: 0,
  readBytes: 0,
  errors: { missing_blob: 0, checksum: 0, read: 0 },
  failures: [],
}

/** Binds the options. */
export function createRepositoryReader(options: ReaderOptions): RepositoryReader {
  const unlogged = createUnlogged(options.ownLogDirectory)
  const stream: Stream = (call) => streamKopia(options, unlogged, call)
  let isJsonKnown = true

  async function verifySnapshot(
    root: SnapshotRoot,
    verify: VerifyOptions,
  ): Promise<ReadResult<VerifyReport>> {
    const { end, output } = await startVerify(stream, root, verify, isJsonKnown ? [jsonFlag] : [])
    if (isJsonKnown && isRefused(end, jsonFlag)) {
      // Kopia before 0.21.
      isJsonKnown = false
      return await verifySnapshot(root, verify)
    }
    if (end.kind === 'failed') return output.endEarly(end.failure)
    return output.end(end.kind === 'error' ? end.text : undefined)
  }

  return {
    newestRoots: async () => {
      const roots = createRootsReader()
      const lines = createLineSplitter(roots.addLine)
      const end = await stream({ command: ['snapshot', 'list', '--all', '--json'], onChunk: lines.add })
      lines.end()
      return parsed(end, roots.end)
    },
    verifySnapshot,
    verifyObject: (objectPath) => verifyObject(stream, objectPath),
    readDirectory: async (directoryId, onEntry) => {
      const directory = createDirectoryReader(onEntry)
      const end = await stream({ command: ['show', '--', directoryId], onChunk: directory.add })
      return parsed(end, () => directory.end())
    },
    readObject: async (objectId, onChunk) =>
      parsed(await stream({ command: ['show', '--', objectId], onChunk }), () => undefined),
    restoreFile: async (objectId, target) =>
      parsed(
        await stream({ command: [...restoreCommand, '--', objectId, target], onChunk: () => undefined }),
        () => undefined,
      ),
  }
}

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

async function startVerify(
  stream: Stream,
  root: SnapshotRoot,
  { percent, parallel, mostBytes, onProgress }: VerifyOptions,
  flags: readonly string[],
) {
  const output = createVerifyOutput(root, onProgress)
  const limit = () => 2 * mostBytes + spareBytes + bytesPerObject * output.expectedObjects()
  const end = await stream({
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
        const reason = `Kopia read ${bytes} bytes, expected at most ${limit()}; it was ended`
        endWith({ kind: 'over budget', reason })
      }),
  })
  return { end, output }
}

/**
 * `kopia show` reads exactly one object, while `kopia snapshot verify --file-id` of a directory reads all that is below it.
 */
async function verifyObject(stream: Stream, objectPath: string): Promise<ReadResult<VerifyReport>> {
  let readBytes = 0
  const onChunk = (chunk: Buffer) => {
    readBytes += chunk.length
  }
  const end = await stream({ command: ['show', '--', objectPath], onChunk })
  if (end.kind === 'done') return { ok: true, value: { ...nothingDone, objects: 1, readFiles: 1, readBytes } }
  if (end.kind === 'failed') return { ok: false, failure: end.failure }
  const text = withoutPath(end.text, objectPath)
  if (isParentNoDirectory(text)) return await verifyStart(stream, objectPath)
  if (isEntryMissing(text)) return { ok: true, value: nothingDone }
  return withFailure(objectPath, failureOf(text))
}

/** A name in the path can look like a reason. The text is Kopia's last line, and a name can hold line ends. */
function withoutPath(text: string, objectPath: string): string {
  const end = `${objectPath.split('\n').at(-1)}: `
  const at = text.indexOf(end)
  return at < 0 || !objectPath.includes('/') ? text : text.slice(at + end.length)
}

/** Of a path that leads to nothing: is it so because the directory that it starts from can't be read? */
async function verifyStart(stream: Stream, objectPath: string): Promise<ReadResult<VerifyReport>> {
  const [start = ''] = objectPath.split('/')
  const end = await stream({ command: ['show', '--', start], onChunk: () => undefined })
  if (end.kind === 'done') return { ok: true, value: nothingDone }
  return end.kind === 'failed'
    ? { ok: false, failure: end.failure }
    : withFailure(objectPath, failureOf(end.text))
}

function withFailure(
  objectPath: string,
  { kind, reason }: ReturnType<typeof failureOf>,
): ReadResult<VerifyReport> {
  if (!isDamage(kind)) return { ok: false, failure: { kind, reason } }
  const errors = { ...nothingDone.errors, [kind]: 1 }
  return { ok: true, value: { ...nothingDone, objects: 1, errors, failures: [{ kind, objectPath, reason }] } }
}

function parsed<T>(end: StreamedEnd, parse: () => T): ReadResult<T> {
  if (end.kind === 'failed') return { ok: false, failure: end.failure }
  if (end.kind === 'error') return { ok: false, failure: failureOf(end.text) }
  try {
    return { ok: true, value: parse() }
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    const failure: ReadFailure = { kind: 'read', reason: oneLine(`unexpected answer of Kopia: ${problem}`) }
    return { ok: false, failure }
  }
}
