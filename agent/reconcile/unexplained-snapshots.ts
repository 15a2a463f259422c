// Counts snapshots of this machine that neither a log nor a hook explains: then the agent does not see what Kopia writes.

import type { Snapshot } from '../kopia/cli/snapshots.ts'
import { type OpenRun, type Run, startOf } from '../kopia/runs/run.ts'
import type { RunTracker } from '../kopia/runs/tracker.ts'
import { formatSource, type Source } from '../kopia/source.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Log } from '../util/log.ts'

export type UnexplainedSnapshots = {
  /** Takes the snapshots of a source that no attempt explained when the repository was asked. */
  readonly note: (source: Source, found: readonly Snapshot[]) => void
}

type UnexplainedSnapshotsOptions = {
  readonly ledger: Pick<Ledger, 'repository' | 'isCounted'>
  readonly tracker: Pick<RunTracker, 'runs'>
  readonly onUnexplained: () => void
  readonly log: Log
}

/** A log without results, or one that is cut, still shows when its process ended. */
const slackSeconds = 60

/** Creates the counting; each source is reported once. */
export function createUnexplainedSnapshots(options: UnexplainedSnapshotsOptions): UnexplainedSnapshots {
  const { ledger, tracker, onUnexplained, log } = options
  const reported = new Set<string>()
  return {
    note: (source, found) => {
      const { status } = ledger.repository
      if (status === undefined || source.user !== status.user || source.host !== status.host) return
      const runs = [...tracker.runs.values()]
      const unexplained = found.filter(
        (snapshot) => ledger.isCounted(snapshot.endedAt) && !isExplained(snapshot, runs),
      )
      for (const _ of unexplained) onUnexplained()
      const name = formatSource(source)
      if (unexplained.length === 0 || reported.has(name)) return
      reported.add(name)
      log.warn(
        `${name}: the repository holds a snapshot of this machine of which neither a log nor a hook reports. Kopia may write ` +
          'its logs elsewhere, so failures stay unseen: run "kopia-metrics-agent check".',
      )
    },
  }
}

/** Whether a run was going on when the snapshot was made. */
function isExplained(snapshot: Snapshot, runs: readonly Run[]): boolean {
  return runs.some((run) => {
    // The attempts that a run tells of are known; more snapshots are not its own.
    if (run.state === 'settled' && !run.isUntold) return false
    if (run.state !== 'open') return isWithin(snapshot, startOf(run), run.endedAt)
    // A server whose log has no DEBUG lines reports no snapshot.
    if (run.command === 'server-start') return run.preview.repository === 'unknown'
    return isWithin(snapshot, startOfOpen(run), run.lastSignAt)
  })
}

function isWithin(snapshot: Snapshot, startedAt: number, endedAt: number): boolean {
  return startedAt - slackSeconds <= snapshot.endedAt && endedAt + slackSeconds >= snapshot.startedAt
}

function startOfOpen(run: OpenRun): number {
  return startOf({ ...run, state: 'ended', evidence: run.preview, endedAt: run.lastSignAt })
}
