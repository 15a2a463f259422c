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

/** Times in Unix seconds, sizes in bytes. */
export type Held = {
  readonly counts: SnapshotCounts
  /** Of the newest complete snapshot. */
  readonly newest?: Pick<Snapshot, 'sizeBytes' | 'files' | 'directories' | 'changedFiles' | 'excludedFiles'>
  readonly oldestAt?: number
  /** The median of the last gaps between complete snapshots. */
  readonly usualIntervalSeconds?: number
}

/** How many gaps at the most tell how often a source is backed up, and how many at the least. */
const gaps = { most: 10, least: 2 } as const

/** Sums up the snapshots of one source, oldest first. */
export function holdingOf(snapshots: readonly Snapshot[]): Held {
  const complete = snapshots.filter((snapshot) => snapshot.incomplete === undefined)
  const newest = complete.at(-1)
  const oldest = complete[0]
  const usualIntervalSeconds = medianGap(complete.map((snapshot) => snapshot.startedAt))
  return {
    counts: countSnapshots(snapshots),
    ...(newest && { newest: figuresOf(newest) }),
    ...(oldest && { oldestAt: oldest.endedAt }),
    ...(usualIntervalSeconds !== undefined && { usualIntervalSeconds }),
  }
}

function figuresOf({
  sizeBytes,
  files,
  directories,
  changedFiles,
  excludedFiles,
}: Snapshot): Held['newest'] & object {
  return { sizeBytes, files, directories, changedFiles, excludedFiles }
}

function medianGap(times: readonly number[]): number | undefined {
  const recent = times.slice(-gaps.most - 1)
  const sorted = recent
    .slice(1)
    .map((time, index) => time - (recent[index] ?? time))
    .sort((one, other) => one - other)
  if (sorted.length < gaps.least) return undefined
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
}

/** Counts by type; a snapshot held for several reasons counts in each, `all` counts each once. */
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

/** Of snapshots in order, oldest first; undefined where none is complete. */
export function newestComplete(snapshots: readonly Snapshot[]): Snapshot | undefined {
  return snapshots.findLast((snapshot) => snapshot.incomplete === undefined)
}
