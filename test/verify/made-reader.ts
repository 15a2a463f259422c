// A repository in memory with one snapshot, whose parts can be damaged, for tests of what a verification makes of it.

import { writeFile } from 'node:fs/promises'
import type {
  ObjectFailure,
  ReadFailure,
  ReadResult,
  RepositoryReader,
  SnapshotRoot,
  VerifyReport,
} from '../../agent/kopia/cli/repository-reader.ts'
import { type Made, ok } from './made-trees.ts'

export const source = { user: 'root', host: 'vm', path: '/data' }

export type MadeRepository = {
  readonly reader: RepositoryReader
  readonly root: SnapshotRoot
  /** By object id: what can't be read. A missing blob is noticed without reading, a wrong checksum only by it. */
  readonly damage: Map<string, ObjectFailure['kind']>
  /** By object id: the content, where it is not the usual one of its size. */
  readonly contents: Map<string, Buffer>
  /** Answers the next calls with these failures. */
  readonly failures: ReadFailure[]
  readonly calls: string[]
  /** The percentages that were asked for. */
  readonly percents: number[]
}

/** The usual content of a made file. */
export function contentOf({ entry }: Made): Buffer {
  return Buffer.alloc(entry.sizeBytes, entry.name)
}

/** Makes the repository of a tree. `random` decides which files `verifySnapshot` reads. */
export function madeRepository(tree: Made, random: () => number): MadeRepository {
  const damage = new Map<string, ObjectFailure['kind']>()
  const contents = new Map<string, Buffer>()
  const failures: ReadFailure[] = []
  const calls: string[] = []
  const percents: number[] = []
  const byId = new Map<string, Made>()
  const byPath = new Map<string, Made>()
  const add = (made: Made, path: string): void => {
    byId.set(made.entry.objectId, made)
    byPath.set(path, made)
    for (const child of made.children) add(child, `${path}/${child.entry.name}`)
  }
  add(tree, tree.entry.objectId)
  const root: SnapshotRoot = { snapshotId: 's1', source, startedAt: 1000, root: tree.entry }

  const answer = async <T>(name: string, give: () => Promise<ReadResult<T>>): Promise<ReadResult<T>> => {
    calls.push(name)
    const failure = failures.shift()
    return failure === undefined ? await give() : { ok: false, failure }
  }
  const failureOf = (objectId: string): ReadFailure | undefined => {
    const kind = damage.get(objectId)
    return kind && { kind, reason: `${objectId} is damaged` }
  }
  const read = async (objectId: string, take: (content: Buffer) => Promise<void> | void) => {
    const failure = failureOf(objectId)
    if (failure !== undefined) return { ok: false, failure } as const
    const made = byId.get(objectId)
    if (made === undefined) throw new Error(`there is no object ${objectId}`)
    await take(contents.get(objectId) ?? contentOf(made))
    return ok
  }

  const report = (made: readonly [string, Made][], percent: number): VerifyReport => {
    const errors = { missing_blob: 0, checksum: 0, read: 0 }
    const found: ObjectFailure[] = []
    let readBytes = 0
    let readFiles = 0
    for (const [path, { entry }] of made) {
      const kind = damage.get(entry.objectId)
      // A directory is read by who walks through it.
      const isRead = entry.type === 'directory' || 100 * random() < percent
      if (kind === 'missing_blob' || (kind !== undefined && isRead)) {
        errors[kind] += 1
        found.push({ kind, objectPath: path, reason: `${entry.objectId} is damaged` })
      } else if (isRead && entry.type !== 'directory') {
        readFiles += 1
        readBytes += entry.sizeBytes
      }
    }
    return { objects: made.length, readFiles, readBytes, errors, failures: found }
  }

  const reader: RepositoryReader = {
    newestRoots: () => answer('list', async () => ({ ok: true, value: new Map([['root@vm:/data', root]]) })),
    verifySnapshot: (_root, { percent }) => {
      percents.push(percent)
      return answer('verify', async () => ({ ok: true, value: report([...byPath], percent) }))
    },
    verifyObject: (objectPath, mostBytes = Number.POSITIVE_INFINITY) =>
      answer(`verify ${objectPath}`, async () => {
        const made = byPath.get(objectPath) ?? byId.get(objectPath)
        if (made === undefined) return { ok: true, value: report([], 100) }
        if (made.entry.sizeBytes > mostBytes && made.entry.type !== 'directory')
          return { ok: false, failure: { kind: 'over budget', reason: 'too large' } }
        return { ok: true, value: report([[objectPath, made]], 100) }
      }),
    readDirectory: (directoryId, onEntry) =>
      answer(`directory ${directoryId}`, () =>
        read(directoryId, () => {
          for (const { entry } of byId.get(directoryId)?.children ?? []) onEntry(entry)
        }),
      ),
    readObject: (objectId, onChunk) => answer(`read ${objectId}`, () => read(objectId, onChunk)),
    restoreFile: (objectId, target) =>
      answer(`restore ${objectId}`, () => read(objectId, (content) => writeFile(target, content))),
  }
  return { reader, root, damage, contents, failures, calls, percents }
}
