// What is known of whether a source's snapshots can be read back, and how an attempt to prove it changes that. Pure.

/** `differs`: what was read twice, or beside the file that is still there, is not the same. */
export const verifyErrorKinds = ['missing_blob', 'checksum', 'read', 'differs', 'timeout'] as const
export type VerifyErrorKind = (typeof verifyErrorKinds)[number]
type VerifyErrors = Readonly<Record<VerifyErrorKind, number>>

export const noVerifyErrors: VerifyErrors = { missing_blob: 0, checksum: 0, read: 0, differs: 0, timeout: 0 }

/** Something of a snapshot that could not be read back. It is read again each time, until it can be. */
export type Fault = {
  readonly kind: VerifyErrorKind
  readonly snapshotId: string
  /**
   * The object of the snapshot's root, and the path below it. With an empty path it is the object itself: the root, or one that
   * Kopia names without a path. Empty where no list of snapshots could be read.
   */
  readonly rootId: string
  readonly path: string
  /** In one line, without secrets. */
  readonly reason: string
}

/** What was read of a snapshot, and what of it was wrong. Times in Unix seconds. */
export type Verdict = {
  readonly outcome: 'proven' | 'faulty'
  readonly snapshotId: string
  readonly snapshotStartedAt: number
  /** Files, directories and symbolic links whose blobs are there. */
  readonly objects: number
  /** Bytes of the files that were read, before compression. */
  readonly readBytes: number
  readonly restoredFiles: number
  readonly errors: VerifyErrors
  readonly faults: readonly Fault[]
}

/** One attempt to prove that a snapshot can be read back. */
export type Verification = {
  readonly startedAt: number
  readonly endedAt: number
  readonly result:
    | Verdict
    /** Nothing was found out about the snapshot: the repository did not answer, or the disk was full. */
    | { readonly outcome: 'unproven'; readonly reason: string }
}

/** What the ledger keeps of a source. */
export type Proof = {
  readonly lastAttempt: { readonly startedAt: number; readonly endedAt: number }
  readonly lastSuccessAt?: number
  /** Of the last attempt that found something out. */
  readonly verdict?: Verdict
  /** Why the last attempt found out nothing. */
  readonly unprovenReason?: string
}

/** Adds an attempt. One that is known already changes nothing; one of the future shows that the clock was set back. */
export function withVerification(
  proof: Proof | undefined,
  { startedAt, endedAt, result }: Verification,
  nowSeconds: number,
): Proof {
  const known = proof?.lastAttempt.startedAt ?? 0
  if (proof !== undefined && startedAt <= known && known <= nowSeconds) return proof
  const { unprovenReason: _, ...before } = proof ?? {}
  const lastAttempt = { startedAt, endedAt }
  if (result.outcome === 'unproven') return { ...before, lastAttempt, unprovenReason: result.reason }
  const success = result.outcome === 'proven' ? { lastSuccessAt: endedAt } : {}
  return { ...before, ...success, lastAttempt, verdict: result }
}

/** Whether the last verdict is that something can't be read back; a time limit that was reached says nothing about that. */
export function isUnreadable(proof: Proof | undefined): boolean {
  const { faults = [] } = proof?.verdict ?? {}
  return faults.some(({ kind }) => kind !== 'timeout')
}
