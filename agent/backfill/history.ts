// The known history: the snapshots in the repository, and the runs whose logs still exist.

import type { Kopia } from '../kopia/cli/client.ts'
import type { KopiaFailure } from '../kopia/cli/exec.ts'
import { effectivePolicyFor, hasOwnPolicy } from '../kopia/cli/policies.ts'
import { bySource, type Snapshot } from '../kopia/cli/snapshots.ts'
import { settleRun } from '../kopia/runs/attempts.ts'
import { attributionOf } from '../kopia/runs/attribution.ts'
import { attemptOf, type FinishedAttempt, type RepositoryAnswer } from '../kopia/runs/finished-attempt.ts'
import { decideOutcome } from '../kopia/runs/outcome.ts'
import { createRunTracker } from '../kopia/runs/tracker.ts'
import { formatSource, type Source } from '../kopia/source.ts'
import { pendingAttempts, pendingRuns } from '../reconcile/pending.ts'

export type SourceHistory = {
  readonly source: Source
  /** In the order of their ends. */
  readonly attempts: readonly FinishedAttempt[]
  /** Oldest first. */
  readonly snapshots: readonly Snapshot[]
}

type HistoryResult = { readonly ok: true; readonly sources: readonly SourceHistory[] } | KopiaFailure

type Identity = { readonly user: string; readonly host: string }

type HistoryOptions = {
  readonly kopia: Kopia
  readonly cliLogs: string
  /** The configuration file of Kopia that `kopia` uses. */
  readonly configurationPath: string
  readonly isWanted: (source: Source, identity: Identity) => boolean
  readonly nowSeconds: () => number
  readonly onFault: (fileName: string, error: unknown) => void
}

/** Queries Kopia, reads the logs, and merges both by source. */
export async function readHistory(options: HistoryOptions): Promise<HistoryResult> {
  const { kopia } = options
  const status = await kopia.repositoryStatus()
  if (!status.ok) return status
  const policies = await kopia.policies()
  if (!policies.ok) return policies
  // Read the logs before the snapshots, so that the snapshots of all logged runs are in the list.
  const finishedAttempts = await readLogs(options)
  const snapshots = await kopia.snapshots()
  if (!snapshots.ok) return snapshots
  const held = bySource(snapshots.value)
  const ignoresIdentical = (source: Source) => effectivePolicyFor(policies.value, source).ignoresIdentical
  // What the repository held before an attempt of the past is not known.
  const newestIdBefore = () => ''
  const answer: RepositoryAnswer = { kind: 'snapshots', bySource: held, ignoresIdentical, newestIdBefore }
  const logged = Map.groupBy(finishedAttempts(answer, status.value), ({ source }) => formatSource(source))
  const names = new Map<string, Source>()
  for (const [name, [first]] of held) if (first) names.set(name, first.source)
  // Repositories can share a log directory: a source with neither a snapshot nor a policy belongs to another one.
  for (const [name, [first]] of logged) {
    if (first && hasOwnPolicy(policies.value, first.source)) names.set(name, first.source)
  }
  const wanted = [...names].filter(([, source]) => options.isWanted(source, status.value))
  const sources = wanted.map(([name, source]) =>
    historyOf(source, logged.get(name) ?? [], held.get(name) ?? []),
  )
  return { ok: true, sources }
}

/** Reads all logs; the result decides the outcomes of their attempts once the snapshots are known. */
async function readLogs({ cliLogs, configurationPath, nowSeconds, onFault }: HistoryOptions) {
  const directory = cliLogs
  const tracker = createRunTracker({ directory, configurationPath, runs: new Map(), nowSeconds, onFault })
  await tracker.sweep()
  await tracker.endFinishedRuns()
  return (answer: RepositoryAnswer, identity: Identity): readonly FinishedAttempt[] => {
    const ended = pendingRuns(tracker.runs).flatMap(({ run }) => {
      const finished = settleRun(run, answer, identity) ?? []
      const configuration = tracker.configurationOf(run)
      const facts = { configuration, use: 'not shared', evidence: run.evidence, finished, answer } as const
      return attributionOf(facts) === 'own' ? finished : []
    })
    const ofServers = pendingAttempts(tracker.runs, undefined, nowSeconds()).map(({ run, attempt }) => {
      return decideOutcome(attempt, run.evidence, attempt.finishedAt ?? nowSeconds(), answer)
    })
    return [...ended, ...ofServers].filter((finished) => finished !== undefined)
  }
}

/** A snapshot whose log no longer exists becomes an attempt of its own. */
function historyOf(
  source: Source,
  logged: readonly FinishedAttempt[],
  snapshots: readonly Snapshot[],
): SourceHistory {
  const loggedIds = new Set(logged.map(({ snapshotId }) => snapshotId))
  const unlogged = snapshots.filter(({ id, incomplete }) => !loggedIds.has(id) && incomplete !== 'checkpoint')
  const attempts = [...logged, ...unlogged.map(attemptOf)].sort((one, other) => one.endedAt - other.endedAt)
  return { source, attempts, snapshots }
}
