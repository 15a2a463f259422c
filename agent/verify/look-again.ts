// Reads again what could not be read: a disturbance of the moment is no damage, and damage stays until it is gone.

import type {
  Entry,
  ObjectFailure,
  ReadFailure,
  ReadResult,
  RepositoryReader,
} from '../kopia/cli/repository-reader.ts'
import type { Fault } from '../ledger/proof.ts'
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
  const [first, ...others] = findings.faults()
  if (first === undefined) return undefined
  for (const fault of [first, ...others].slice(0, mostTries)) {
    if (fault.kind === 'differs' || !canReadAgain(fault, options)) return undefined
    const again = await readAgain(fault, options)
    if (!again.ok) return again.failure
    if (again.value.kind !== 'readable') return undefined
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
    const failure = await lookAgainAt(fault, options, findings)
    if (failure !== undefined) return failure
  }
  return undefined
}

async function lookAgainAt(
  fault: Fault,
  options: SourceVerification,
  findings: Findings,
): Promise<ReadFailure | undefined> {
  if (fault.kind === 'timeout') return undefined
  if (fault.kind === 'differs') return await restoreAgain(fault, options, findings)
  const now = { ...fault, rootId: options.root.root.objectId }
  if (!canReadAgain(now, options)) {
    findings.addFault(now)
    return undefined
  }
  const again = await readAgain(now, options)
  if (!again.ok) return again.failure
  // What is wrong with it can have changed since.
  if (again.value.kind === 'unreadable') {
    const { kind, reason } = again.value.failure
    findings.addFault({ ...now, kind, reason })
  }
  return undefined
}

async function restoreAgain(
  fault: Fault,
  options: SourceVerification,
  findings: Findings,
): Promise<ReadFailure | undefined> {
  const found = await locate(options.root.root, fault.path, options.reader)
  if (!found.ok) return faultOrFailure(found.failure, [fault.path], options, findings)
  return found.value === undefined ? undefined : await restoreOne(found.value, options, findings)
}

/** A fault that has no path of its own stands for the whole snapshot, which may be more than may be read. */
function canReadAgain({ path }: Fault, { root, mostBytes }: SourceVerification): boolean {
  return path !== '' || root.root.sizeBytes <= mostBytes
}

type Reading =
  | { readonly kind: 'readable' | 'gone' }
  | { readonly kind: 'unreadable'; readonly failure: ObjectFailure }

async function readAgain(
  { rootId, path }: Fault,
  { reader, workspace }: SourceVerification,
): Promise<ReadResult<Reading>> {
  await workspace.forgetContents()
  const answer = await reader.verifyObject(path === '' ? rootId : `${rootId}/${path}`)
  if (!answer.ok) return answer
  const { objects, failures } = answer.value
  const [failure] = failures
  if (failure !== undefined) return { ok: true, value: { kind: 'unreadable', failure } }
  return { ok: true, value: { kind: objects === 0 ? 'gone' : 'readable' } }
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
