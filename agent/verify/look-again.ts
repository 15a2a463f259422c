// Reads again what could not be read: a disturbance of the moment is no damage, and damage stays until it is gone.

import type { Entry, ReadFailure, ReadResult, RepositoryReader } from '../kopia/cli/repository-reader.ts'
import type { Fault } from '../ledger/proof.ts'
import { fitsIn, freeBytesFor } from './budget.ts'
import type { Choice } from './choice.ts'
import type { Findings } from './findings.ts'
import { faultOrFailure, restoreOne } from './restore-some.ts'
import type { SourceVerification } from './source-verification.ts'

/** Enough to tell a disturbance from damage. */
const mostTries = 5

/**
 * Reads the first faults a second time. Where all of them can be read then, the storage was disturbed: nothing is proven, and
 * nothing is damaged.
 */
export async function confirmFaults(
  options: SourceVerification,
  findings: Findings,
): Promise<ReadFailure | undefined> {
  const faults = findings.faults().slice(0, mostTries)
  const [first] = faults
  if (first === undefined) return undefined
  for (const fault of faults) {
    if (fault.kind === 'differs') return undefined
    const again = await readAgain(fault, options, findings)
    if (again.kind === 'failed') return again.failure
    if (again.kind !== 'readable') return undefined
  }
  const reason = `what could not be read at first could be read at a second try: ${first.reason}`
  return { kind: 'unreachable', reason }
}

/** Reads what could not be read the last time, in the newest snapshot. What that does not have any more is no fault of it. */
export async function lookAgain(
  options: SourceVerification,
  findings: Findings,
): Promise<ReadFailure | undefined> {
  for (const fault of options.knownFaults) {
    if (fault.kind === 'timeout' || isFoundByWalk(fault) || isDecided(fault, findings)) continue
    const failure =
      fault.kind === 'differs'
        ? await restoreAgain(fault, options, findings)
        : await lookAgainAt(fault, options, findings)
    if (failure !== undefined) return failure
  }
  return undefined
}

/** This run has found it again, or has restored the file well. */
function isDecided({ path }: Fault, findings: Findings): boolean {
  if (path === '') return false
  return findings.wasRestored(path) || findings.faults().some((found) => found.path === path)
}

/**
 * Without a path, the walk through the newest snapshot has found it again if it is still there: it looks for all blobs, and reads all
 * directories, which have a `k` before their ids.
 */
function isFoundByWalk({ kind, rootId, path }: Fault): boolean {
  return path === '' && (rootId === '' || rootId.startsWith('k') || kind === 'missing_blob')
}

async function lookAgainAt(
  fault: Fault,
  options: SourceVerification,
  findings: Findings,
): Promise<ReadFailure | undefined> {
  const now = fault.path === '' ? fault : { ...fault, rootId: options.root.root.objectId }
  const again = await readAgain(now, options, findings)
  if (again.kind === 'failed') return again.failure
  if (again.kind === 'too large') findings.addFault(now)
  // What is wrong with it can have changed since.
  if (again.kind === 'unreadable') findings.addFault({ ...now, ...again.failure })
  return undefined
}

async function restoreAgain(
  fault: Fault,
  options: SourceVerification,
  findings: Findings,
): Promise<ReadFailure | undefined> {
  const { root, reader, workspace, mostBytes } = options
  const found = await locate(root.root, fault.path, reader)
  if (!found.ok) return faultOrFailure(found.failure, [fault.path], options, findings)
  if (found.value === undefined) return undefined
  if (fitsIn(found.value.entry, mostBytes, await freeBytesFor(workspace.restoreFolder)))
    return await restoreOne(found.value, options, findings)
  // It has grown since: it must not fill the disk.
  findings.addFault({ ...fault, rootId: root.root.objectId })
  return undefined
}

type Again =
  | { readonly kind: 'readable' | 'gone' | 'too large' }
  | { readonly kind: 'unreadable'; readonly failure: Pick<Fault, 'kind' | 'reason'> }
  | { readonly kind: 'failed'; readonly failure: ReadFailure }

/**
 * An object that is missing where another fault was found before was deleted with its snapshot. One that is too large for what
 * may be read stays what it was.
 */
async function readAgain(
  { kind, rootId, path }: Fault,
  { reader, workspace, mostBytes }: SourceVerification,
  findings: Findings,
): Promise<Again> {
  await workspace.forgetContents()
  const answer = await reader.verifyObject(path === '' ? rootId : `${rootId}/${path}`, mostBytes)
  if (!answer.ok) {
    const { failure } = answer
    return failure.kind === 'over budget' ? { kind: 'too large' } : { kind: 'failed', failure }
  }
  const { objects, failures, readBytes } = answer.value
  findings.addReadBytes(readBytes)
  const [failure] = failures
  if (failure === undefined) return { kind: objects === 0 ? 'gone' : 'readable' }
  const isDeleted = path === '' && kind !== 'missing_blob' && failure.kind === 'missing_blob'
  return isDeleted
    ? { kind: 'gone' }
    : { kind: 'unreadable', failure: { kind: failure.kind, reason: failure.reason } }
}

/** The entry at a path below the root; undefined where there is none any more. */
async function locate(
  root: Entry,
  path: string,
  reader: Pick<RepositoryReader, 'readDirectory'>,
): Promise<ReadResult<Choice | undefined>> {
  const names = path === '' ? [] : path.split('/')
  let entry: Entry | undefined = root
  for (const name of names) {
    if (entry?.type !== 'directory') return { ok: true, value: undefined }
    let next: Entry | undefined
    const reading = await reader.readDirectory(entry.objectId, (found) => {
      if (found.name === name) next = found
    })
    if (!reading.ok) return reading
    entry = next
  }
  return { ok: true, value: entry && { names, entry } }
}
