// What is said of verifications: the terminal and the page show the same words.

import { type Verdict, type VerifyErrorKind, verifyErrorKinds } from '../ledger/proof.ts'
import type { ProofStatus } from './proof.ts'
import type { SourceStatus, Status } from './status.ts'
import { agoWords, countWords, pluralWords, spanWords, utcWords, visible } from './words.ts'

type DamageKind = Exclude<VerifyErrorKind, 'timeout'>

const kindWords: Readonly<Record<DamageKind, string>> = {
  missing_blob: 'missing blob',
  checksum: 'checksum',
  read: 'read error',
  differs: 'differs',
}

/** That a snapshot can't be read back, and why; undefined if nothing says so. */
export function unreadableWords({ proof }: SourceStatus): string | undefined {
  if (proof?.last?.result !== 'unreadable') return undefined
  const { verdict } = proof.last
  const fault = verdict.faults.find(({ kind }) => kind !== 'timeout')
  // What could not be read in an older snapshot is read again, until it can be.
  const snapshot =
    fault === undefined || fault.snapshotId === verdict.snapshotId
      ? `the snapshot of ${utcWords(verdict.snapshotStartedAt)}`
      : 'an older snapshot'
  const reason = fault === undefined ? '' : `: ${fault.reason}`
  return visible(`${snapshot} cannot be read back: ${damageWords(verdict)}${reason}`)
}

/** `3 objects (checksum)`, or `3 objects (2 checksum, 1 missing blob)`. */
function damageWords({ errors }: Verdict): string {
  const found = verifyErrorKinds.flatMap((kind) =>
    kind === 'timeout' || errors[kind] === 0 ? [] : [{ words: kindWords[kind], count: errors[kind] }],
  )
  const all = found.reduce((sum, { count }) => sum + count, 0)
  const [only] = found
  const kinds =
    found.length === 1
      ? (only?.words ?? '')
      : found.map(({ count, words }) => `${countWords(count)} ${words}`)
  return `${pluralWords(all, 'object')} (${[kinds].flat().join(', ')})`
}

/** What deserves a look though nothing says that a snapshot is damaged. */
export function proofNotes({ proof }: SourceStatus, now: number): readonly string[] {
  if (proof === undefined) return []
  return [overdueWords(proof, now), attemptWords(proof, now)].filter((note) => note !== undefined)
}

function overdueWords({ overdueSince, provedAt }: ProofStatus, now: number): string | undefined {
  if (overdueSince === undefined) return undefined
  const last =
    provedAt === undefined ? 'never proved readable' : `last proved readable ${agoWords(provedAt, now)}`
  return `${last}; the proof is overdue for ${spanWords(now - overdueSince)}`
}

function attemptWords({ lastAttemptAt, last, unprovenReason }: ProofStatus, now: number): string | undefined {
  if (lastAttemptAt === undefined) return undefined
  const attempt = `the last verification ended ${agoWords(lastAttemptAt, now)}`
  if (unprovenReason !== undefined) return visible(`${attempt} and found nothing out: ${unprovenReason}`)
  if (last?.result !== 'timeout') return undefined
  const [fault] = last.verdict.faults
  return visible(`${attempt} by its time limit${fault === undefined ? '' : `: ${fault.reason}`}`)
}

/** `the proof of 2 sources is overdue`; undefined if none is. */
export function overdueProofsWords({ overdueProofs }: Status): string | undefined {
  return overdueProofs === 0 ? undefined : `the proof of ${pluralWords(overdueProofs, 'source')} is overdue`
}

/** Whether a column about proofs has anything to show: without verifications nothing is said about them. */
export function showsProofs({ sources }: Pick<Status, 'sources'>): boolean {
  return sources.some(({ proof }) => proof !== undefined)
}

/** `3 d ago`; `never` for a source whose proof is awaited; `–` for one that is not verified. */
export function provedWords({ proof }: SourceStatus, now: number): string {
  if (proof === undefined) return '–'
  return proof.provedAt === undefined ? 'never' : agoWords(proof.provedAt, now)
}
