// The snapshots that the runs of one source leave in the repository, as Kopia lists them.

import type { Snapshot } from '../../../agent/kopia/cli/snapshots.ts'
import { day, yearBegins } from './calendar.ts'
import { type SourcePlan, sourceOf } from './plan.ts'
import { retained } from './retention.ts'
import type { Run } from './source-runs.ts'

export type SourceSnapshots = {
  /** Returns the snapshot that the run saves; undefined if it saves none. Kopia applies the retention after each. */
  readonly add: (run: Run) => Snapshot | undefined
  /** Oldest first. */
  readonly list: () => readonly Snapshot[]
}

/** Creates the list of a source without any snapshot. */
export function createSourceSnapshots(plan: SourcePlan, random: () => number): SourceSnapshots {
  let snapshots: readonly Snapshot[] = []

  function add(run: Run): Snapshot | undefined {
    const before = snapshots.at(-1)
    const isIdentical = plan.ignoresIdentical && before !== undefined && run.effect === undefined
    if (isIdentical || run.effect === 'fails' || run.effect === 'hangs') return undefined
    const snapshot = snapshotOf(plan, run, before?.files ?? 0, random)
    snapshots = retained([...snapshots, snapshot])
    return snapshot
  }

  return { add, list: () => snapshots }
}

/** New files count as changed, as in Kopia's own figure. */
function snapshotOf(
  plan: SourcePlan,
  { startedAt, endedAt, effect }: Run,
  filesBefore: number,
  random: () => number,
): Snapshot {
  const dayOfYear = Math.floor((startedAt - yearBegins) / day)
  const factor = effect === 'loses half' ? 0.5 : 1
  const files = Math.round(plan.filesOn(dayOfYear) * factor)
  const share = effect === 'is changed' ? 0.9 : plan.changedShareOn(dayOfYear) * (0.5 + random())
  const changed = Math.round(Math.min(files, filesBefore) * Math.min(1, share))
  return {
    id: `${plan.path}-${startedAt}`,
    source: sourceOf(plan),
    startedAt,
    endedAt,
    incomplete: undefined,
    sizeBytes: Math.round(plan.sizeOn(dayOfYear) * factor * (1 + random() / 100)),
    files,
    directories: 10,
    changedFiles: changed + Math.max(0, files - filesBefore),
    excludedFiles: 0,
    ...errorsOf(effect),
    retentionReasons: [],
    pins: [],
  }
}

/** Files that a run with this effect cannot read. */
export function errorsOf(effect: Run['effect']): Pick<Snapshot, 'fatalErrors' | 'ignoredErrors'> {
  return {
    fatalErrors: effect === 'has unreadable files' ? 3 : 0,
    ignoredErrors: effect === 'has ignored errors' ? 2 : 0,
  }
}
