// Reads one object as a whole, to see whether it can be read.

import { isDamage, isEntryMissing, isParentNoDirectory } from './read-errors.ts'
import type { ReadFailure, ReadResult, VerifyReport } from './reading.ts'
import type { FailureByKopia, StreamedKopia } from './streamed-call.ts'

const nothingDone: VerifyReport = {
  objects: 0,
  readFiles: 0,
  readBytes: 0,
  errors: { missing_blob: 0, checksum: 0, read: 0 },
  failures: [],
}

/**
 * `kopia show` reads exactly one object, while `kopia snapshot verify --file-id` of a directory reads all that is below it. A
 * report of 0 objects without failures: the path leads to nothing. Ends with `over budget` after `mostBytes`.
 */
export async function verifyObject(
  { call, failureOf }: StreamedKopia,
  objectPath: string,
  mostBytes: number,
): Promise<ReadResult<VerifyReport>> {
  let readBytes = 0
  let endWith = (_: ReadFailure): void => undefined
  const onChunk = (chunk: Buffer) => {
    readBytes += chunk.length
    if (readBytes > mostBytes) endWith({ kind: 'over budget', reason: `it has more than ${mostBytes} bytes` })
  }
  const watch = (_: number, endCall: (failure: ReadFailure) => void) => {
    endWith = endCall
    return () => undefined
  }
  const end = await call({ command: ['show', '--', objectPath], onChunk, watch })
  if (end.kind === 'done') return { ok: true, value: { ...nothingDone, objects: 1, readFiles: 1, readBytes } }
  if (end.kind === 'failed') return { ok: false, failure: end.failure }
  const text = withoutPath(end.text, objectPath)
  if (isParentNoDirectory(text)) return await verifyStart({ call, failureOf }, objectPath)
  if (isEntryMissing(text)) return { ok: true, value: nothingDone }
  return withFailure(objectPath, failureOf(text))
}

/** Of a path that leads to nothing: is it so because the directory that it starts from can't be read? */
async function verifyStart(
  { call, failureOf }: StreamedKopia,
  objectPath: string,
): Promise<ReadResult<VerifyReport>> {
  const [start = ''] = objectPath.split('/')
  const end = await call({ command: ['show', '--', start], onChunk: () => undefined })
  if (end.kind === 'done') return { ok: true, value: nothingDone }
  if (end.kind === 'failed') return { ok: false, failure: end.failure }
  return withFailure(objectPath, failureOf(end.text))
}

/** A name in the path can look like a reason. The text is Kopia's last line, and a name can hold line ends. */
function withoutPath(text: string, objectPath: string): string {
  const end = `${objectPath.split('\n').at(-1)}: `
  const at = text.indexOf(end)
  return at < 0 || !objectPath.includes('/') ? text : text.slice(at + end.length)
}

function withFailure(objectPath: string, { kind, reason }: FailureByKopia): ReadResult<VerifyReport> {
  if (!isDamage(kind)) return { ok: false, failure: { kind, reason } }
  const errors = { ...nothingDone.errors, [kind]: 1 }
  return { ok: true, value: { ...nothingDone, objects: 1, errors, failures: [{ kind, objectPath, reason }] } }
}
