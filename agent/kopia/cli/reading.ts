// What is told of reading snapshots back: their entries, and what could not be read.

import type { Source } from '../source.ts'

/** Something in a directory of a snapshot. */
export type Entry = {
  /** As the repository has it: it may be hostile, such as `..` or a name with a slash. */
  readonly name: string
  readonly type: 'file' | 'directory' | 'symlink' | 'other'
  readonly objectId: string
  /** Of a directory: of all files below it. */
  readonly sizeBytes: number
  /** Files and symbolic links: 1, or of a directory all below it. */
  readonly files: number
  /** Nanoseconds since 1970; undefined where the repository has no time. */
  readonly modifiedNs: bigint | undefined
}

/** A complete snapshot, ready to be read. */
export type SnapshotRoot = {
  readonly snapshotId: string
  readonly source: Source
  /** In Unix seconds. */
  readonly startedAt: number
  readonly root: Entry
}

/** Why something could not be read; `reason` is one line without secrets. */
export type ReadFailure = {
  readonly kind:
    | 'missing_blob'
    | 'checksum'
    /** Any other error of the repository's storage. */
    | 'read'
    | 'timeout'
    /** The repository could not be opened or did not answer, or Kopia did not run: nothing is known about the snapshot. */
    | 'unreachable'
    /** This machine's disk. */
    | 'disk full'
    /** More was read than was allowed. */
    | 'over budget'
    /** By the signal. */
    | 'ended'
  readonly reason: string
}

export type ReadResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: ReadFailure }

/** An object that could not be read. */
export type ObjectFailure = {
  readonly kind: 'missing_blob' | 'checksum' | 'read'
  /** As Kopia takes it: an object id, or one with a path below it, such as `k1234/photos/1.jpg`. */
  readonly objectPath: string
  readonly reason: string
}

export type VerifyReport = {
  readonly objects: number
  readonly readFiles: number
  readonly readBytes: number
  /** How many objects could not be read; `failures` has the first of them. */
  readonly errors: Readonly<Record<ObjectFailure['kind'], number>>
  readonly failures: readonly ObjectFailure[]
}

export type VerifyOptions = {
  readonly percent: number
  readonly parallel: number
  /** Ends the call, with `over budget`, where Kopia reads far more than this; watched on Linux. */
  readonly mostBytes: number
  readonly onProgress: (doneObjects: number, allObjects: number) => void
}

/**
 * No function rejects, but with what a callback throws. Each reads from the storage: not from a cache that was filled before the
 * reader was made.
 */
export type RepositoryReader = {
  /** The newest complete snapshot of each source, by `user@host:path`. */
  readonly newestRoots: () => Promise<ReadResult<ReadonlyMap<string, SnapshotRoot>>>
  /** `kopia snapshot verify` of one snapshot: an object that can't be read is part of the report. */
  readonly verifySnapshot: (root: SnapshotRoot, options: VerifyOptions) => Promise<ReadResult<VerifyReport>>
  /**
   * Reads one object as a whole: of a directory its list of entries, and nothing below. A report of 0 objects without
   * failures: the path leads to nothing, so that nothing can be damaged there.
   */
  readonly verifyObject: (objectPath: string, mostBytes?: number) => Promise<ReadResult<VerifyReport>>
  readonly readDirectory: (
    directoryId: string,
    onEntry: (entry: Entry) => void,
  ) => Promise<ReadResult<undefined>>
  /** Chunks that came before a failure are good: Kopia checks each content before it prints any of it. */
  readonly readObject: (objectId: string, onChunk: (chunk: Buffer) => void) => Promise<ReadResult<undefined>>
  /** Restores a file as `target`, which must not exist: its content only, without owner, times and permissions. */
  readonly restoreFile: (objectId: string, target: string) => Promise<ReadResult<undefined>>
}
