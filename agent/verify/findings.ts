// What a verification has found so far, and the verdict that follows.

import type { ObjectFailure, SnapshotRoot, VerifyReport } from '../kopia/cli/repository-reader.ts'
import { type Fault, noVerifyErrors, type Verdict, type VerifyErrorKind } from '../ledger/proof.ts'

export type Findings = {
  /** Adds what `kopia snapshot verify` reports. */
  readonly addReport: (report: VerifyReport) => void
  /** Adds one thing that can't be read back; a path that is known already changes nothing. */
  readonly addFault: (fault: Omit<Fault, 'snapshotId'>) => void
  readonly addRestored: (path: string, readBytes: number) => void
  readonly wasRestored: (path: string) => boolean
  readonly addReadBytes: (readBytes: number) => void
  readonly faults: () => readonly Fault[]
  readonly readBytes: () => number
  readonly verdict: () => Verdict
}

/** Kept in the ledger, and read again each time. */
const mostFaults = 20

/** Begins with nothing found. */
export function createFindings({ snapshotId, startedAt, root }: SnapshotRoot): Findings {
  const figures = { objects: 0, readBytes: 0, restoredFiles: 0 }
  const errors = { ...noVerifyErrors }
  const faults: Fault[] = []
  const restored = new Set<string>()

  function addFault(fault: Omit<Fault, 'snapshotId'>): void {
    const isSame = ({ kind, rootId, path }: Fault) =>
      kind === fault.kind && path === fault.path && (path !== '' || rootId === fault.rootId)
    if (faults.some(isSame)) return
    errors[fault.kind] += 1
    note({ ...fault, snapshotId })
  }

  function note(fault: Fault): void {
    if (faults.length < mostFaults) faults.push(fault)
  }

  return {
    addReport: (report) => {
      figures.objects += report.objects
      figures.readBytes += report.readBytes
      for (const [kind, count] of Object.entries(report.errors) as [VerifyErrorKind, number][])
        errors[kind] += count
      for (const failure of report.failures) note({ ...faultOf(failure, root.objectId), snapshotId })
    },
    addFault,
    addReadBytes: (readBytes) => {
      figures.readBytes += readBytes
    },
    addRestored: (path, readBytes) => {
      restored.add(path)
      figures.readBytes += readBytes
      figures.restoredFiles += 1
    },
    wasRestored: (path) => restored.has(path),
    faults: () => faults,
    readBytes: () => figures.readBytes,
    verdict: () => ({
      outcome: Object.values(errors).some((count) => count > 0) ? 'faulty' : 'proven',
      snapshotId,
      snapshotStartedAt: startedAt,
      ...figures,
      errors,
      faults,
    }),
  }
}

function faultOf({ kind, objectPath, reason }: ObjectFailure, rootId: string): Omit<Fault, 'snapshotId'> {
  const isBelowRoot = objectPath.startsWith(`${rootId}/`)
  return isBelowRoot
    ? { kind, rootId, path: objectPath.slice(rootId.length + 1), reason }
    : { kind, rootId: objectPath, path: '', reason }
}
