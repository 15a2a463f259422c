// Summarizes the snapshots that the repository has of one source.

import type { Snapshot } from '../kopia/cli/snapshots.ts'

/** The values of the label `type`: Kopia's retention reasons, and three more that users query. */
export const snapshotTypes = [
  'latest',
  'hourly',
  'daily',
  'weekly',
  'monthly',
  'annual',
  'pinned',
  'incomplete',
  'all',
] as const
type SnapshotType = (typeof snapshotTypes)[number]
type SnapshotCounts = Readonly<Record<SnapshotType, number>>

/** Times in Unix seconds, sizes in bytes. */
export type SnapshotSummary = {
  readonly counts: SnapshotCounts
  /** Of the newest complete snapshot. */
  readonly newest?: Pick<Snapshot, 'sizeBytes' | 'files' | 'directories' | 'changedFiles' | 'excludedFiles'>
  /** The files of the complete snapshot before the newest one. */
  readonly filesBefore?: number
  /** Undefined in an older ledger. */
  readonly newestId?: string
  readonly oldestAt?: number
  /** Only in an older ledger: it is the source's now. */
  readonly usualIntervalSeconds?: number
}

/** Summarizes the snapshots of one source, which are given oldest first. */
function summarizeSnapshots(snapshots: readonly Snapshot[]): SnapshotSummary {
  const complete = snapshots.filter((snapshot) => snapshot.incomplete === undefined)
  const newest = complete.at(-1)
  const oldest = complete[0]
  const before = complete.at(-2)
  return {
    counts: countSnapshots(snapshots),
    ...(newest && { newest: figuresOf(newest), newestId: newest.id }),
    ...(before && { filesBefore: before.files }),
    ...(oldest && { oldestAt: oldest.endedAt }),
  }
}

/** The summary after an answer. Where only one snapshot is kept, the one before is known by the answer before. */
export function summaryAfter(
  held: SnapshotSummary | undefined,
  snapshots: readonly Snapshot[],
): SnapshotSummary {
  const summary = summarizeSnapshots(snapshots)
  const hasNewer = summary.newestId !== held?.newestId
  const filesBefore = summary.filesBefore ?? (hasNewer ? held?.newest?.files : held?.filesBefore)
  return { ...summary, ...(filesBefore !== undefined && { filesBefore }) }
}

function figuresOf({
  sizeBytes,
  files,
  directories,
  changedFiles,
  excludedFiles,
}: Snapshot): SnapshotSummary['newest'] & object {
  return { sizeBytes, files, directories, changedFiles, excludedFiles }
}

/** Counts snapshots by type. One that is kept for several reasons counts in each type, and once in `all`. */
export function countSnapshots(snapshots: readonly Snapshot[]): SnapshotCounts {
  const counts: Record<SnapshotType, number> = {
    latest: 0,
    hourly: 0,
    daily: 0,
    weekly: 0,
    monthly: 0,
    annual: 0,
    pinned: 0,
    incomplete: 0,
    all: 0,
  }
  for (const snapshot of snapshots) {
    for (const type of typesOf(snapshot)) counts[type] += 1
  }
  return counts
}

function typesOf(snapshot: Snapshot): ReadonlySet<SnapshotType> {
  const reasons = snapshot.retentionReasons.map((reason) => reason.replace(/-\d+$/, ''))
  const types = new Set<SnapshotType>(snapshotTypes.filter((type) => reasons.includes(type)))
  if (snapshot.pins.length > 0) types.add('pinned')
  if (snapshot.incomplete !== undefined) types.add('incomplete')
  return types.add('all')
}
