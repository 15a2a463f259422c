// What the snapshots that a source holds amount to.

import type { Snapshot } from '../kopia/snapshots.ts'

/** The values of the label `type`: Kopia's retention reasons, and what else people ask for. */
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
export type SnapshotType = (typeof snapshotTypes)[number]
export type SnapshotCounts = Readonly<Record<SnapshotType, number>>

/** Counts by type; a snapshot held for several reasons counts in each, `all` counts each once. */
export function countSnapshots(snapshots: readonly Snapshot[]): SnapshotCounts {
  const counts = Object.fromEntries(snapshotTypes.map((type) => [type, 0])) as Record<SnapshotType, number>
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

/** Of snapshots in order, oldest first; undefined where none is complete. */
export function newestComplete(snapshots: readonly Snapshot[]): Snapshot | undefined {
  return snapshots.findLast((snapshot) => snapshot.incomplete === undefined)
}
