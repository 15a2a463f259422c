// Enters into the ledger how attempts went, asking Kopia no more than needed.

import { hasOwnPolicy } from '../kopia/cli/policies.ts'
import { keyOf, settleRun } from '../kopia/runs/attempts.ts'
import { decideOutcome, type FinishedAttempt } from '../kopia/runs/outcome.ts'
import { type EndedRun, hasSucceeded } from '../kopia/runs/run.ts'
import type { RunTracker } from '../kopia/runs/tracker.ts'
import { formatSource, parseSource, type Source } from '../kopia/source.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Log } from '../util/log.ts'
import { createPending, hookGraceSeconds, type LiveAttempt, type NamedRun } from './pending.ts'
import type { RepositoryQueries, SnapshotsAnswer } from './repository-queries.ts'

export type ReconcilerOptions = {
  readonly ledger: Ledger
  readonly tracker: RunTracker
  readonly repositoryQueries: RepositoryQueries
  /** Which sources are reported, by user, host and path. */
  readonly isWanted: (source: Source) => boolean
  readonly nowSeconds: () => number
  readonly log: Log
}

export type Reconciler = {
  /** Enters the sources of attempts that have just begun. Returns whether other attempts are under way than before. */
  readonly noteBeginnings: () => boolean
  /** Settles what has ended since the last call, with one question to Kopia. Returns whether there was any. */
  readonly settle: () => Promise<boolean>
  /** Asks for all snapshots: settles what waits for an answer, and enters what no log told. */
  readonly refreshSnapshots: () => Promise<void>
  /** Whether there are attempts whose outcome only the repository knows. */
  readonly isWaiting: () => boolean
  /** When the attempt of each source that is under way began, in Unix seconds, by `user@host:path`. */
  readonly runningSince: () => ReadonlyMap<string, number>
}

/** What is known of one item, and how it is marked as counted. */
type Decided = {
  readonly item: NamedRun | LiveAttempt
  readonly finished: readonly FinishedAttempt[]
  readonly settle: () => void
}

/** Binds the ledger to the runs and to Kopia. */
export function createReconciler(options: ReconcilerOptions): Reconciler {
  const { ledger, tracker, repositoryQueries, isWanted, nowSeconds, log } = options
  const pending = createPending(tracker, ledger, nowSeconds)
  let keysUnderWay = ''

  function noteBeginnings(): boolean {
    const underWay = pending.underWay().filter(({ source }) => isWanted(source))
    for (const { source } of underWay) ledger.addSource(source, nowSeconds())
    const keys = underWay.map(keyOf).sort().join('\n')
    const isOther = keys !== keysUnderWay
    keysUnderWay = keys
    return isOther
  }

  async function settle(): Promise<boolean> {
    // Before hooks alone are believed: is there really no log that tells of the same?
    if (pending.liveAttempts().some(({ attempt }) => attempt.origin === 'hook')) await tracker.sweep()
    await endQuietRuns()
    const ended = pending.endedRuns().filter(([runId]) => !pending.isDeferred(runId))
    const live = pending.liveAttempts().filter(({ attempt }) => !pending.isDeferred(keyOf(attempt)))
    if (ended.length + live.length === 0) return false
    const answer = await askFor(ended, live)
    await settleAll(ended, live, answer)
    return true
  }

  /**
   * A run that fell silent, and whose process was never seen, may have ended or may go on where it can't be seen. If
   * the repository holds a snapshot of each of its attempts, it has ended; if not, only a long silence will tell.
   */
  async function endQuietRuns(): Promise<void> {
    const quiet = tracker.quietRuns().filter(([runId]) => !pending.isDeferred(runId))
    if (quiet.length === 0) return
    const answer = await askFor(quiet, [])
    const over: string[] = []
    for (const [runId, run] of quiet) {
      pending.defer(runId)
      const verdicts = settleRun(run, answer, ledger.repository.status) ?? []
      const areAllThere = verdicts.length > 0 && verdicts.every(({ snapshotId }) => snapshotId !== undefined)
      if (areAllThere) over.push(runId)
    }
    await tracker.end(over)
    for (const [runId] of pending.endedRuns()) pending.resume(runId)
  }

  async function refreshSnapshots(): Promise<void> {
    await tracker.sweep()
    await tracker.endFinishedRuns()
    // What ends while Kopia answers may not be in the answer: it is not judged by it.
    const [ended, live] = [pending.endedRuns(), pending.liveAttempts()]
    const answer = await repositoryQueries.snapshots(undefined)
    await settleAll(ended, live, answer)
    removeGoneSources(answer)
  }

  /** One question for all: for one source, where it is one, since that is faster; none, where none took a snapshot. */
  async function askFor(ended: readonly NamedRun[], live: readonly LiveAttempt[]): Promise<SnapshotsAnswer> {
    const hasHookCalls = ended.some(([, run]) => run.hookCalls.length > 0)
    const attempts = [
      ...ended.flatMap(([, run]) => run.evidence.attempts),
      ...live.map(({ attempt }) => attempt),
    ]
    const sources = new Map(attempts.map(({ source }) => [formatSource(source), source]))
    if (sources.size === 0 && !hasHookCalls) return { kind: 'unavailable' }
    const [only, ...others] = [...sources.values()]
    return repositoryQueries.snapshots(hasHookCalls || others.length > 0 ? undefined : only)
  }

  /**
   * Enters all verdicts and what the repository holds in one step that waits for nothing: a ledger that is saved or pushed
   * meanwhile holds an attempt as counted and settled, with its snapshots, or as neither.
   */
  async function settleAll(
    ended: readonly NamedRun[],
    live: readonly LiveAttempt[],
    answer: SnapshotsAnswer,
  ): Promise<void> {
    // What was written while Kopia answered must not be taken for a snapshot that nobody saw being made.
    await tracker.sweep()
    const decided = [
      ...live.map((item) => decideAttempt(item, answer)),
      ...ended.map((item) => decideRun(item, answer)),
    ].filter((verdicts) => verdicts !== undefined)
    await prepareToEnter(
      decided.flatMap(({ finished }) => finished),
      answer,
    )
    await tracker.exclusively(() => {
      for (const { item, finished, settle } of decided) {
        if (!pending.isPending(item)) continue
        for (const verdict of finished) enter(verdict, answer)
        settle()
      }
      enterSnapshots(answer)
    })
  }

  function decideAttempt(item: LiveAttempt, answer: SnapshotsAnswer): Decided | undefined {
    const { runId, run, attempt } = item
    const finishedAt = attempt.finishedAt ?? nowSeconds()
    const verdict = decideOutcome(attempt, run.evidence, finishedAt, answer)
    const mayStillBeSaved =
      attempt.origin === 'hook' &&
      verdict?.snapshotId === undefined &&
      nowSeconds() - finishedAt < hookGraceSeconds.last
    if (verdict === undefined || mayStillBeSaved) {
      pending.defer(keyOf(attempt))
      return undefined
    }
    const settle = () => {
      pending.resume(keyOf(attempt))
      tracker.settleAttempt(runId, attempt)
    }
    return { item, finished: [verdict], settle }
  }

  function decideRun(item: NamedRun, answer: SnapshotsAnswer): Decided | undefined {
    const [runId, run] = item
    const finished = settleRun(run, answer, ledger.repository.status)
    if (finished === undefined) {
      pending.defer(runId)
      return undefined
    }
    const settle = () => {
      pending.resume(runId)
      enterCommand(runId, run, finished)
      tracker.settle(runId)
    }
    return { item, finished, settle }
  }

  /** Whose source it is may depend on a policy that is new. */
  async function prepareToEnter(
    finished: readonly FinishedAttempt[],
    answer: SnapshotsAnswer,
  ): Promise<void> {
    const areKnown = finished.every(({ source }) => !isWanted(source) || belongsHere(source, answer))
    if (!areKnown) await repositoryQueries.refreshPolicies()
  }

  function enter(finished: FinishedAttempt, answer: SnapshotsAnswer): void {
    const { source, outcome, durationSeconds } = finished
    if (!isWanted(source)) return
    if (!belongsHere(source, answer)) {
      ledger.removeSource(source)
      log.info(
        `${formatSource(source)}: not counted, since this repository has neither a snapshot nor a policy of it.`,
      )
      return
    }
    ledger.addFinished(finished, nowSeconds())
    if (ledger.isCounted(finished.endedAt))
      log.info(`${formatSource(source)}: ${outcome} after ${durationSeconds.toFixed(3)} s.`)
  }

  /** Log directories can be shared: a source is this repository's by its snapshots, its policy or its past. */
  function belongsHere(source: Source, answer: SnapshotsAnswer): boolean {
    const known = ledger.sources.get(formatSource(source))
    if (known?.lastAttempt !== undefined || answer.kind === 'unavailable') return true
    if (answer.bySource.has(formatSource(source))) return true
    return hasOwnPolicy(ledger.repository.policies ?? [], source)
  }

  function enterCommand(runId: string, run: EndedRun, finished: readonly FinishedAttempt[]): void {
    // Hooks alone do not name the command.
    if (Object.keys(run.readBytes).length === 0 || run.command === 'server-start') return
    const isGood = hasSucceeded(run) && finished.every(({ outcome }) => outcome === 'success')
    ledger.addCommand(run.command.replace('-', ' '), isGood ? 'success' : 'failed', run.endedAt)
    const { finalError } = run.evidence
    if (!isGood && ledger.isCounted(run.endedAt)) {
      log.warn(
        `kopia ${run.command.replace('-', ' ')} (${runId}) failed: ${finalError ?? 'it did not come to its end'}`,
      )
    }
  }

  function enterSnapshots(answer: SnapshotsAnswer): void {
    if (answer.kind === 'unavailable') return
    const busy = new Set(pending.unsettled().map(({ source }) => formatSource(source)))
    for (const [name, snapshots] of answer.bySource) {
      const source = parseSource(name)
      if (source === undefined || !isWanted(source) || busy.has(name)) continue
      ledger.addSnapshots(source, snapshots, answer.question)
    }
  }

  /** Neither a snapshot nor a policy is left of them, and nothing is under way. */
  function removeGoneSources(answer: SnapshotsAnswer): void {
    const { policies } = ledger.repository
    if (answer.kind === 'unavailable' || policies === undefined) return
    const busy = runningSince()
    for (const [name, { source }] of ledger.sources) {
      const isThere = answer.bySource.has(name) || hasOwnPolicy(policies, source) || busy.has(name)
      if (isThere && isWanted(source)) continue
      if (ledger.wasAskedSince(source, answer.question)) continue
      ledger.removeSource(source)
      log.info(`${name}: no longer reported, since neither a snapshot nor a policy of it is left.`)
    }
  }

  function runningSince(): ReadonlyMap<string, number> {
    return new Map(pending.underWay().map(({ source, startedAt }) => [formatSource(source), startedAt]))
  }

  return { noteBeginnings, settle, refreshSnapshots, isWaiting: pending.isAnyDeferred, runningSince }
}
