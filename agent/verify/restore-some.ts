// Restores some files of a snapshot, chosen at random, and enters how that went.

import type { ReadFailure } from '../kopia/cli/repository-reader.ts'
import { fitsIn, freeBytesFor } from './budget.ts'
import { type Choice, chooseFiles } from './choice.ts'
import type { Findings } from './findings.ts'
import { livePathOf } from './live-file.ts'
import { restoreAndCompare } from './restore.ts'
import type { SourceVerification } from './source-verification.ts'

/** Resolves with the failure that ends the verification. Rejects only where this machine's disk fails. */
export async function restoreSome(
  options: SourceVerification,
  findings: Findings,
): Promise<ReadFailure | undefined> {
  const { reader, root, restoreFiles, mostBytes, random, workspace } = options
  if (restoreFiles === 0) return undefined
  const free = await freeBytesFor(workspace.restoreFolder)
  if (free <= 0)
    return { kind: 'disk full', reason: `there is no room to restore a file in ${workspace.restoreFolder}` }
  const left = () => mostBytes - findings.readBytes()
  const choice = await chooseFiles(root.root, restoreFiles, {
    readDirectory: reader.readDirectory,
    random,
    fits: (entry) => fitsIn(entry, left(), free),
  })
  if (!choice.ok) return faultOrFailure(choice.failure, choice.directory.names, options, findings)
  for (const chosen of choice.chosen) {
    if (!fitsIn(chosen.entry, left(), free)) continue
    const failure = await restoreOne(chosen, options, findings)
    if (failure !== undefined) return failure
  }
  return undefined
}

/** Restores a file and enters how that went. */
export async function restoreOne(
  { names, entry }: Choice,
  options: SourceVerification,
  findings: Findings,
): Promise<ReadFailure | undefined> {
  const { reader, workspace, root, isHere } = options
  const livePath = isHere ? livePathOf(root.source.path, names) : undefined
  const result = await restoreAndCompare(entry, { reader, workspace, livePath })
  switch (result.kind) {
    case 'restored':
      findings.addRestored(names.join('/'), result.readBytes)
      return undefined
    case 'differs':
      findings.addFault({
        kind: 'differs',
        rootId: root.root.objectId,
        path: names.join('/'),
        reason: result.reason,
      })
      return undefined
    case 'failed':
      return faultOrFailure(result.failure, names, options, findings)
  }
}

/** What can't be read is found out about the snapshot; any other failure ends the verification. */
export function faultOrFailure(
  failure: ReadFailure,
  names: readonly string[],
  { root }: SourceVerification,
  findings: Findings,
): ReadFailure | undefined {
  const { kind, reason } = failure
  if (kind !== 'missing_blob' && kind !== 'checksum' && kind !== 'read') return failure
  findings.addFault({ kind, rootId: root.root.objectId, path: names.join('/'), reason })
  return undefined
}
