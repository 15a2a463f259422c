// What a verification has found so far, and the verdict that follows.

import type { ObjectFailure, SnapshotRoot, VerifyReport } from '../kopia/cli/repository-reader.ts'
import { type Fault, noVerifyErrors, type Verdict, type VerifyErrorKind } from '../ledger/proof.ts'

export type Findings = {
  /** Adds what `kopia snapshot verify` reports. */
  readonly addReport: (report: VerifyReport) => void
  /** Adds one thing that can't be read back; a path that is known already changes nothing. */
  readonly addFault: (fault: Omit<Fault, 'snapshotId'>) => void
  readonly addRestored: (readBytes: number) => void
  /** Takes back what was only a disturbance of the storage. */
  readonly dismissAll: () => void
  readonly faults: () => readonly Fault[]
  readonly readBytes: () => number
  readonly verdict: () => Verdict
}

/** Kept in the ledger, and read again each time. */
const mostFaults = 20

/** Begins with nothing found. */
export function createFindings({ snapshotId, startedAt, root }: SnapshotRoot): Findings {
  const figures = { objects: 0, readBytes: 0, restoredFiles: 0 }
  let errors = { ...noVerifyErrors }
  let faults: Fault[] = []

  function addFault(fault: Omit<Fault, 'snapshotId'>): void {
    if (faults.some(({ kind, path }) => kind === fault.kind && path === fault.path)) return
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
    addRestored: (readBytes) => {
      figures.readBytes += readBytes
      figures.restoredFiles += 1
    },
    dismissAll: () => {
      errors = { ...noVerifyErrors }
      faults = []
    },
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

/** An object that Kopia names without its path stands for the whole snapshot: only that is known to hold it. */
function faultOf({ kind, objectPath, reason }: ObjectFailure, rootId: string): Omit<Fault, 'snapshotId'> {
  const path = objectPath.startsWith(`${rootId}/`) ? objectPath.slice(rootId.length + 1) : ''
  return { kind, rootId, path, reason }
}
