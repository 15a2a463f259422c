// What can still be known of the past: the snapshots that the repository holds, and the runs whose logs lie there.

import type { Kopia } from '../kopia/cli/client.ts'
import type { Unanswered } from '../kopia/cli/exec.ts'
import { effectivePolicyFor, hasOwnPolicy } from '../kopia/cli/policies.ts'
import { bySource, type Snapshot } from '../kopia/cli/snapshots.ts'
import { settleRun } from '../kopia/runs/attempts.ts'
import {
  attemptOf,
  decideOutcome,
  type FinishedAttempt,
  type RepositoryAnswer,
} from '../kopia/runs/outcome.ts'
import { createRunTracker } from '../kopia/runs/tracker.ts'
import { formatSource, type Source } from '../kopia/source.ts'
import { pendingAttempts, pendingRuns } from '../reconcile/pending.ts'

export type SourceHistory = {
  readonly source: Source
  /** In the order in which they ended. */
  readonly attempts: readonly FinishedAttempt[]
  /** Oldest first. */
  readonly snapshots: readonly Snapshot[]
}

export type HistoryAnswer = { readonly ok: true; readonly sources: readonly SourceHistory[] } | Unanswered

export type HistoryOptions = {
  readonly kopia: Kopia
  readonly cliLogs: string
  readonly isWanted: (source: Source, identity: { readonly user: string; readonly host: string }) => boolean
  readonly nowSeconds: () => number
  readonly onFault: (fileName: string, error: unknown) => void
}

/** Asks Kopia, reads the logs, and puts both together by source. */
export async function readHistory(options: HistoryOptions): Promise<HistoryAnswer> {
  const { kopia } = options
  const status = await kopia.repositoryStatus()
  if (!status.ok) return status
  const policies = await kopia.policies()
  if (!policies.ok) return policies
  // Before the snapshots are asked for, so that those of all runs that the logs tell of are among them.
  const readFinished = await followLogs(options)
  const snapshots = await kopia.snapshots()
  if (!snapshots.ok) return snapshots
  const held = bySource(snapshots.value)
  const ignoresIdentical = (source: Source) => effectivePolicyFor(policies.value, source).ignoresIdentical
  const answer: RepositoryAnswer = { kind: 'snapshots', bySource: held, ignoresIdentical }
  const told = Map.groupBy(readFinished(answer, status.value), ({ source }) => formatSource(source))
  const names = new Map<string, Source>()
  for (const [name, [first]] of held) if (first) names.set(name, first.source)
  // Log directories can be shared: what is neither held nor has a policy is another repository's.
  for (const [name, [first]] of told) {
    if (first && hasOwnPolicy(policies.value, first.source)) names.set(name, first.source)
  }
  const wanted = [...names].filter(([, source]) => options.isWanted(source, status.value))
  const sources = wanted.map(([name, source]) =>
    historyOf(source, told.get(name) ?? [], held.get(name) ?? []),
  )
  return { ok: true, sources }
}

type Identity = { readonly user: string; readonly host: string }

/** Reads all runs, and gives what judges them once the snapshots are known. */
async function followLogs({ cliLogs, nowSeconds, onFault }: HistoryOptions) {
  const tracker = createRunTracker({ directory: cliLogs, runs: new Map(), nowSeconds, onFault })
  await tracker.sweep()
  await tracker.endFinishedRuns()
  return (answer: RepositoryAnswer, identity: Identity): readonly FinishedAttempt[] => {
    const ended = pendingRuns(tracker.runs).flatMap(({ run }) => settleRun(run, answer, identity) ?? [])
    const ofServers = pendingAttempts(tracker.runs, undefined, nowSeconds()).map(({ run, attempt }) => {
      return decideOutcome(attempt, run.evidence, attempt.finishedAt ?? nowSeconds(), answer)
    })
    return [...ended, ...ofServers].filter((finished) => finished !== undefined)
  }
}

/** A snapshot that no log tells of any more is an attempt by itself. */
function historyOf(
  source: Source,
  told: readonly FinishedAttempt[],
  snapshots: readonly Snapshot[],
): SourceHistory {
  const toldIds = new Set(told.map(({ snapshotId }) => snapshotId))
  const untold = snapshots.filter(({ id, incomplete }) => !toldIds.has(id) && incomplete !== 'checkpoint')
  const attempts = [...told, ...untold.map(attemptOf)].sort((one, other) => one.endedAt - other.endedAt)
  return { source, attempts, snapshots }
}
