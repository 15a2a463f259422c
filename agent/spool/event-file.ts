// Reads one event file, and tells a file that is no event from one that can't be read now.

import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import type { HookCall } from '../kopia/runs/run.ts'
import { messageOf } from '../util/error-text.ts'
import { hasCode } from '../util/files.ts'
import { largestEventBytes, parseEvent } from './event.ts'

type EventReading =
  | { readonly kind: 'event'; readonly call: HookCall }
  /** The file is no event and never will be. */
  | { readonly kind: 'broken'; readonly reason: string }
  /** The system could not open or read it now. */
  | { readonly kind: 'unreadable'; readonly error: unknown }
  /** The hook deleted it already: it trims the spool to 1,000 files. */
  | { readonly kind: 'gone' }

/** What open(2) answers for a symlink (with O_NOFOLLOW), and for a socket or a device that has no driver. */
const codesOfOtherFiles = ['ELOOP', 'EMLINK', 'ENXIO', 'ENODEV', 'EOPNOTSUPP'] as const

/** Reads the event file at `path`. Never rejects. */
export async function readEventFile(path: string): Promise<EventReading> {
  try {
    return { kind: 'event', call: await readCall(path) }
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return { kind: 'gone' }
    const isSystemError = error instanceof Error && 'errno' in error
    if (isSystemError && !codesOfOtherFiles.some((code) => hasCode(error, code))) {
      return { kind: 'unreadable', error }
    }
    return { kind: 'broken', reason: messageOf(error) }
  }
}

/** O_NOFOLLOW refuses symlinks, O_NONBLOCK does not wait for the writer of a pipe (open(2)). */
async function readCall(path: string): Promise<HookCall> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const stats = await file.stat()
    if (!stats.isFile()) throw new Error('it is no regular file')
    const buffer = Buffer.alloc(largestEventBytes + 1)
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0)
    return parseEvent(buffer.subarray(0, bytesRead), stats.mtimeMs / 1000)
  } finally {
    await file.close()
  }
}
