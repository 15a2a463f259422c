// Restores one file of a snapshot, compares it with a second reading and with the file that is still there, and removes it.

import { lstat, readlink, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Entry, ReadFailure, RepositoryReader } from '../kopia/cli/repository-reader.ts'
import { createDigest, digestOfFile } from './digest.ts'
import { type Comparison, compareFile, compareLink } from './live-file.ts'
import type { Workspace } from './workspace.ts'

type RestoreResult =
  | { readonly kind: 'restored'; readonly readBytes: number }
  | { readonly kind: 'differs'; readonly reason: string }
  | { readonly kind: 'failed'; readonly failure: ReadFailure }

type RestoreOptions = {
  readonly reader: Pick<RepositoryReader, 'readObject' | 'restoreFile'>
  readonly workspace: Pick<Workspace, 'restoreFolder' | 'forgetContents'>
  /** Where the file should still be; undefined where it can't be here. */
  readonly livePath: string | undefined
}

/** A target is at most PATH_MAX bytes long (limits.h). */
const mostTargetBytes = 4096

/** Restores a file or a symbolic link, and leaves nothing. Rejects only where this machine's disk fails. */
export async function restoreAndCompare(entry: Entry, options: RestoreOptions): Promise<RestoreResult> {
  const target = join(options.workspace.restoreFolder, 'file')
  try {
    return entry.type === 'symlink'
      ? await restoreLink(entry, target, options)
      : await restoreFile(entry, target, options)
  } finally {
    await rm(target, { force: true })
  }
}

async function restoreFile(entry: Entry, target: string, options: RestoreOptions): Promise<RestoreResult> {
  const { reader, workspace, livePath } = options
  await workspace.forgetContents()
  const restoring = await reader.restoreFile(entry.objectId, target)
  if (!restoring.ok) return { kind: 'failed', failure: restoring.failure }
  if (!(await lstat(target)).isFile()) return differs('Kopia restored something that is not a file')
  const restored = await digestOfFile(target)
  if (restored.bytes !== entry.sizeBytes) {
    return differs(`${restored.bytes} bytes were restored, the snapshot has ${entry.sizeBytes}`)
  }
  await workspace.forgetContents()
  const digest = createDigest()
  const reading = await reader.readObject(entry.objectId, digest.add)
  if (!reading.ok) return { kind: 'failed', failure: reading.failure }
  if (digest.end().hash !== restored.hash) return differs('a second reading gives other bytes')
  return afterComparing(
    livePath === undefined ? 'unknown' : await compareFile(livePath, entry, target),
    2 * entry.sizeBytes,
  )
}

/** Kopia keeps the target of a link as an object of its own. It is compared as the link that it makes here, never followed. */
async function restoreLink(entry: Entry, target: string, options: RestoreOptions): Promise<RestoreResult> {
  const { livePath } = options
  const first = await readTarget(entry, options)
  if (first.kind === 'failed') return first
  const second = await readTarget(entry, options)
  if (second.kind === 'failed') return second
  if (!first.bytes.equals(second.bytes)) return differs('a second reading gives another target')
  if (!isTarget(first.bytes)) return differs('its target is none that a link can have')
  await symlink(first.bytes, target)
  if (!first.bytes.equals(await readlink(target, { encoding: 'buffer' }))) {
    return differs('the restored link has another target')
  }
  return afterComparing(
    livePath === undefined ? 'unknown' : await compareLink(livePath, entry, first.bytes),
    2 * first.bytes.length,
  )
}

/** symlink(2) takes no empty target, and none with a zero byte. */
function isTarget(bytes: Buffer): boolean {
  return bytes.length > 0 && bytes.length < mostTargetBytes && !bytes.includes(0)
}

type TargetReading =
  | { readonly kind: 'read'; readonly bytes: Buffer }
  | { readonly kind: 'failed'; readonly failure: ReadFailure }

async function readTarget(
  { objectId }: Entry,
  { reader, workspace }: RestoreOptions,
): Promise<TargetReading> {
  await workspace.forgetContents()
  const chunks: Buffer[] = []
  let length = 0
  const reading = await reader.readObject(objectId, (chunk) => {
    if (length <= mostTargetBytes) chunks.push(chunk)
    length += chunk.length
  })
  if (!reading.ok) return { kind: 'failed', failure: reading.failure }
  return { kind: 'read', bytes: Buffer.concat(chunks) }
}

function afterComparing(comparison: Comparison, readBytes: number): RestoreResult {
  return comparison === 'differs'
    ? differs('the file itself, unchanged since by its time and size, has other bytes')
    : { kind: 'restored', readBytes }
}

function differs(reason: string): RestoreResult {
  return { kind: 'differs', reason }
}
