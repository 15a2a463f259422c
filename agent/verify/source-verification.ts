// What the verification of one source needs.

import type { RepositoryReader, SnapshotRoot } from '../kopia/cli/repository-reader.ts'
import type { Fault } from '../ledger/proof.ts'
import type { Workspace } from './workspace.ts'

export type SourceVerification = {
  readonly reader: RepositoryReader
  readonly workspace: Pick<Workspace, 'restoreFolder' | 'forgetContents'>
  readonly root: SnapshotRoot
  /** What could not be read the last time. */
  readonly knownFaults: readonly Fault[]
  readonly percent: number
  readonly restoreFiles: number
  readonly parallel: number
  /** Of the files, before compression. */
  readonly mostBytes: number
  /** Whether the source's files are on this machine. */
  readonly isHere: boolean
  /** In [0, 1). */
  readonly random: () => number
  readonly onProgress: (doneObjects: number, allObjects: number) => void
}
