// Finds the snapshot to verify, and notices one that only a cache still lists.

import type { Kopia } from '../kopia/cli/client.ts'
import { withPasswordHint } from '../kopia/cli/password.ts'
import type {
  ReadFailure,
  ReadResult,
  RepositoryReader,
  SnapshotRoot,
} from '../kopia/cli/repository-reader.ts'
import { newestComplete, type Snapshot } from '../kopia/cli/snapshots.ts'
import { formatSource, type Source } from '../kopia/source.ts'
import { noVerifyErrors, type Verification } from '../ledger/proof.ts'
import type { SourceState } from '../ledger/source-state.ts'
import type { Candidate } from './candidates.ts'

export type Roots = ReadResult<ReadonlyMap<string, SnapshotRoot>>

export type NewestRoot =
  | { readonly kind: 'root'; readonly root: SnapshotRoot }
  | { readonly kind: 'result'; readonly result: Verification['result'] | { readonly outcome: 'ended' } }

type Options = {
  readonly reader: Pick<RepositoryReader, 'newestRoots'>
  /** Kopia with its usual cache. */
  readonly kopia: Pick<Kopia, 'snapshots'>
}

/** Lists the snapshots; where damage seems to prevent that, a second time. */
export async function listRoots(reader: Pick<RepositoryReader, 'newestRoots'>): Promise<Roots> {
  const roots = await reader.newestRoots()
  return roots.ok || !isDamage(roots.failure) ? roots : await reader.newestRoots()
}

/**
 * The newest snapshot by the list that was read without a cache. Where the ledger knows another one, a Kopia with its usual cache is
 * asked: if it still lists a newer one than the repository itself does, an index or a manifest is lost. If it lists none either, it was
 * deleted or is lost: nothing tells which.
 */
export async function newestRootOf(
  candidate: Candidate,
  roots: Roots,
  options: Options,
): Promise<NewestRoot> {
  const { source, root, state } = candidate
  if (!roots.ok) return { kind: 'result', result: resultWithoutList(candidate, roots.failure) }
  const found: NewestRoot =
    root === undefined ? { kind: 'result', result: nothingListed(candidate) } : { kind: 'root', root }
  const knownId = state?.held?.newestId
  if (knownId === undefined || knownId === root?.snapshotId) return found
  const cached = await newestWithCache(source, options.kopia)
  if (cached === undefined || !isNewer(cached, root)) {
    return isOlderThanKnown(root, state) ? { kind: 'result', result: missingSnapshot(knownId) } : found
  }
  const again = await options.reader.newestRoots()
  if (!again.ok) return { kind: 'result', result: resultWithoutList(candidate, again.failure) }
  const now = again.value.get(formatSource(source))
  if (now !== undefined && !isNewer(cached, now)) return { kind: 'root', root: now }
  return { kind: 'result', result: lostSnapshot(cached) }
}

function isNewer(cached: Snapshot, root: SnapshotRoot | undefined): boolean {
  return root === undefined || (cached.id !== root.snapshotId && cached.startedAt > root.startedAt)
}

/** By its start: a pin gives a snapshot another id. The log tells of an attempt before its snapshot starts. */
function isOlderThanKnown(root: SnapshotRoot | undefined, state: SourceState | undefined): boolean {
  return root === undefined || root.startedAt < (state?.lastSuccessStartedAt ?? 0)
}

/** An older snapshot that can be read is no proof of the newest one. Once the ledger knows of a deletion, the older one is the newest. */
function missingSnapshot(id: string): Verification['result'] {
  const reason =
    `the snapshot ${id}, the newest that the agent knows, is not in the repository any more: ` +
    'it was deleted, or its index is lost'
  return { outcome: 'unproven', reason }
}

/** Undefined where it lists none, or does not answer: then nothing speaks against the other list. */
async function newestWithCache(
  source: Source,
  kopia: Pick<Kopia, 'snapshots'>,
): Promise<Snapshot | undefined> {
  const answer = await kopia.snapshots(source)
  if (!answer.ok) return undefined
  const name = formatSource(source)
  const ofSource = answer.value.filter((snapshot) => formatSource(snapshot.source) === name)
  return newestComplete(ofSource.toSorted((one, other) => one.startedAt - other.startedAt))
}

/** A person has removed them, or an index is lost: the repository says neither. */
function nothingListed({ state }: Candidate): Verification['result'] {
  const { newestId = '' } = state?.held ?? {}
  return {
    outcome: 'unproven',
    reason:
      `the repository lists no complete snapshot of it any more; the newest was ${newestId}: ` +
      'if nobody has deleted it, an index is lost',
  }
}

function lostSnapshot({ id, startedAt }: Snapshot): Verification['result'] {
  return damaged(
    'missing_blob',
    id,
    startedAt,
    `the repository itself does not list the snapshot ${id}: only a cache does`,
  )
}

function resultWithoutList(
  { state }: Candidate,
  failure: ReadFailure,
): Verification['result'] | { readonly outcome: 'ended' } {
  if (failure.kind === 'ended') return { outcome: 'ended' }
  if (!isDamage(failure)) return { outcome: 'unproven', reason: withPasswordHint(failure.reason) }
  const { newestId = '' } = state?.held ?? {}
  return damaged(failure.kind, newestId, state?.lastSuccessStartedAt ?? 0, failure.reason)
}

type Damage = ReadFailure & { readonly kind: 'missing_blob' | 'checksum' }

function isDamage(failure: ReadFailure): failure is Damage {
  return failure.kind === 'missing_blob' || failure.kind === 'checksum'
}

function damaged(
  kind: Damage['kind'],
  snapshotId: string,
  startedAt: number,
  reason: string,
): Verification['result'] {
  return {
    outcome: 'faulty',
    snapshotId,
    snapshotStartedAt: startedAt,
    objects: 0,
    readBytes: 0,
    restoredFiles: 0,
    errors: { ...noVerifyErrors, [kind]: 1 },
    faults: [{ kind, snapshotId, rootId: '', path: '', reason }],
  }
}
