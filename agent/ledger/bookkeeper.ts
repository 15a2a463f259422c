// Enters into the ledger how attempts went, asking Kopia no more than needed.

import { hasOwnPolicy } from '../kopia/policies.ts'
import type { Attempt } from '../kopia/run.ts'
import type { RunTracker } from '../kopia/run-tracker.ts'
import {
  attemptsUnderWay,
  finishedAttempts,
  finishedHookAttempts,
  type Identity,
  settleRun,
  underWaySince,
} from '../kopia/settlement.ts'
import { formatSource, parseSource, type Source } from '../kopia/source.ts'
import { type EndedRun, hasSucceeded, type OpenRun } from '../kopia/tracked-run.ts'
import { type Finished, judge } from '../kopia/verdict.ts'
import type { Log } from '../log.ts'
import type { Asker, SnapshotsAnswer } from './asker.ts'
import type { Ledger } from './ledger.ts'

export type BookkeeperOptions = {
  readonly ledger: Ledger
  readonly tracker: RunTracker
  readonly asker: Asker
  /** Which sources are reported, by user, host and path. */
  readonly isWanted: (source: Source) => boolean
  readonly nowSeconds: () => number
  readonly log: Log
}

export type Bookkeeper = {
  /** Enters the sources of attempts that have just begun. Returns whether there were new ones. */
  readonly addNewSources: () => boolean
  /** Settles what has ended since the last call, with one question to Kopia. Returns whether there was any. */
  readonly settle: () => Promise<boolean>
  /** Asks for all snapshots: settles what waits for an answer, and enters what no log told. */
  readonly refreshSnapshots: () => Promise<void>
  /** Whether there are attempts whose outcome only the repository knows. */
  readonly isWaiting: () => boolean
  /** When the attempt of each source that is under way began, in Unix seconds, by `user@host:path`. */
  readonly runningSince: () => ReadonlyMap<string, number>
}

type NamedRun = readonly [runId: string, run: EndedRun]
type LiveAttempt = { readonly runId: string; readonly run: OpenRun; readonly attempt: Attempt }

/** After an after-action, how long Kopia may take to save the snapshot: first look, and last. */
const hookGraceSeconds = { first: 1, last: 15 } as const

/** Binds the ledger to the runs and to Kopia. */
export function createBookkeeper(options: BookkeeperOptions): Bookkeeper {
  const { ledger, tracker, asker, isWanted, nowSeconds, log } = options
  /** Runs and attempts that were asked for in vain: to ask again for each would cost what the schedule saves. */
  const waiting = new Set<string>()
  const overdue = new Set<string>()

  function addNewSources(): boolean {
    const identity = ledger.repository.status
    const sources = openRuns().flatMap(([, run]) =>
      attemptsUnderWay(run, identity).map(({ source }) => source),
    )
    return sources
      .filter(isWanted)
      .map((source) => ledger.addSource(source, nowSeconds()))
      .includes(true)
  }

  async function settle(): Promise<boolean> {
    // Before hooks alone are believed: is there really no log that tells of the same?
    if (liveAttempts().some(({ attempt }) => attempt.toldBy === 'hook')) await tracker.sweep()
    await endQuietRuns()
    const ended = endedRuns().filter(([runId]) => !waiting.has(runId))
    const live = liveAttempts().filter(({ attempt }) => !waiting.has(keyOf(attempt)))
    if (ended.length + live.length === 0) return false
    const answer = await askFor(ended, live)
    await settleAll(ended, live, answer)
    enterSnapshots(answer)
    return true
  }

  /**
   * A run that fell silent, and whose process was never seen, may have ended or may go on where it can't be seen. If
   * the repository holds a snapshot of each of its attempts, it has ended; if not, only a long silence will tell.
   */
  async function endQuietRuns(): Promise<void> {
    const quiet = tracker.quietRuns().filter(([runId]) => !waiting.has(runId))
    if (quiet.length === 0) return
    const answer = await askFor(quiet, [])
    for (const [runId, run] of quiet) {
      waiting.add(runId)
      const verdicts = settleRun(run, answer, ledger.repository.status) ?? []
      const areAllThere = verdicts.length > 0 && verdicts.every(({ snapshotId }) => snapshotId !== undefined)
      if (areAllThere) await tracker.end(runId)
    }
    for (const [runId] of endedRuns()) waiting.delete(runId)
  }

  async function refreshSnapshots(): Promise<void> {
    const answer = await asker.snapshots(undefined)
    // What was written while Kopia answered must not be taken for a snapshot that nobody saw being made.
    await tracker.sweep()
    await tracker.endFinishedRuns()
    await settleAll(endedRuns(), liveAttempts(), answer)
    enterSnapshots(answer)
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
    return asker.snapshots(hasHookCalls || others.length > 0 ? undefined : only)
  }

  async function settleAll(
    ended: readonly NamedRun[],
    live: readonly LiveAttempt[],
    answer: SnapshotsAnswer,
  ): Promise<void> {
    for (const { runId, run, attempt } of live) await settleAttempt(runId, run, attempt, answer)
    for (const [runId, run] of ended) await settleEnded(runId, run, answer)
  }

  async function settleAttempt(
    runId: string,
    run: OpenRun,
    attempt: Attempt,
    answer: SnapshotsAnswer,
  ): Promise<void> {
    const finishedAt = attempt.finishedAt ?? nowSeconds()
    const verdict = judge(attempt, run.evidence, finishedAt, answer)
    const mayStillBeSaved =
      attempt.toldBy === 'hook' &&
      verdict?.snapshotId === undefined &&
      nowSeconds() - finishedAt < hookGraceSeconds.last
    if (verdict === undefined || mayStillBeSaved) {
      waiting.add(keyOf(attempt))
      return
    }
    waiting.delete(keyOf(attempt))
    overdue.delete(keyOf(attempt))
    await enter(verdict, answer)
    tracker.settleAttempts(runId, [attempt])
  }

  async function settleEnded(runId: string, run: EndedRun, answer: SnapshotsAnswer): Promise<void> {
    const finished = settleRun(run, answer, ledger.repository.status)
    if (finished === undefined) {
      waiting.add(runId)
      return
    }
    waiting.delete(runId)
    for (const verdict of finished) await enter(verdict, answer)
    enterCommand(runId, run, finished)
    tracker.settle(runId)
  }

  async function enter(finished: Finished, answer: SnapshotsAnswer): Promise<void> {
    const { source, outcome, durationSeconds } = finished
    if (!isWanted(source)) return
    if (!(await belongsHere(source, answer))) {
      ledger.removeSource(source)
      log.info(
        `${formatSource(source)}: not counted, since this repository has neither a snapshot nor a policy of it.`,
      )
      return
    }
    ledger.addFinished(finished, nowSeconds())
    if (ledger.isCounting())
      log.info(`${formatSource(source)}: ${outcome} after ${durationSeconds.toFixed(3)} s.`)
  }

  /** Log directories can be shared: a source is this repository's by its snapshots, its policy or its past. */
  async function belongsHere(source: Source, answer: SnapshotsAnswer): Promise<boolean> {
    const known = ledger.sources.get(formatSource(source))
    if (known?.lastAttempt !== undefined || answer.kind === 'unavailable') return true
    if (answer.bySource.has(formatSource(source))) return true
    if (!hasOwnPolicy(ledger.repository.policies ?? [], source)) await asker.refreshPolicies()
    return hasOwnPolicy(ledger.repository.policies ?? [], source)
  }

  function enterCommand(runId: string, run: EndedRun, finished: readonly Finished[]): void {
    // Hooks alone do not name the command.
    if (Object.keys(run.readBytes).length === 0 || run.command === 'server-start') return
    const isGood = hasSucceeded(run) && finished.every(({ outcome }) => outcome === 'success')
    ledger.addCommand(run.command.replace('-', ' '), isGood ? 'success' : 'failed', run.endedAt)
    const { finalError } = run.evidence
    if (!isGood && ledger.isCounting()) {
      log.warn(
        `kopia ${run.command.replace('-', ' ')} (${runId}) failed: ${finalError ?? 'it did not come to its end'}`,
      )
    }
  }

  function enterSnapshots(answer: SnapshotsAnswer): void {
    if (answer.kind === 'unavailable') return
    const busy = runningSince()
    for (const [name, snapshots] of answer.bySource) {
      const source = parseSource(name)
      const isUnderWay =
        busy.has(name) || liveAttempts().some(({ attempt }) => formatSource(attempt.source) === name)
      if (source === undefined || !isWanted(source) || isUnderWay) continue
      ledger.addSnapshots(source, snapshots, answer.askedAt)
    }
  }

  /** Neither a snapshot nor a policy is left of them, and nothing is under way. */
  function removeGoneSources(answer: SnapshotsAnswer): void {
    const { policies } = ledger.repository
    if (answer.kind === 'unavailable' || policies === undefined) return
    const busy = runningSince()
    for (const [name, { source, snapshotsAskedAt }] of ledger.sources) {
      const isThere = answer.bySource.has(name) || hasOwnPolicy(policies, source) || busy.has(name)
      if (isThere && isWanted(source)) continue
      if ((snapshotsAskedAt ?? 0) > answer.askedAt) continue
      ledger.removeSource(source)
      log.info(`${name}: no longer reported, since neither a snapshot nor a policy of it is left.`)
    }
  }

  function runningSince(): ReadonlyMap<string, number> {
    return underWaySince(tracker.runs, ledger.repository.status)
  }

  function openRuns(): readonly (readonly [string, OpenRun])[] {
    const open: [string, OpenRun][] = []
    for (const [runId, run] of tracker.runs) if (run.state === 'open') open.push([runId, run])
    return open
  }

  /** In the order in which they ended: the last word on a source is the latest. */
  function endedRuns(): readonly NamedRun[] {
    const ended: [string, EndedRun][] = []
    for (const [runId, run] of tracker.runs) if (run.state === 'ended') ended.push([runId, run])
    return ended.sort(([, one], [, other]) => one.endedAt - other.endedAt)
  }

  /** Attempts that are over though their process, a server, lives on. */
  function liveAttempts(): readonly LiveAttempt[] {
    const identity = ledger.repository.status
    return openRuns().flatMap(([runId, run]) => {
      const byHooks = identity === undefined ? [] : hookAttemptsToLookAt(run, identity)
      return [...finishedAttempts(run), ...byHooks].map((attempt) => ({ runId, run, attempt }))
    })
  }

  /** Looked at twice: soon after the after-action, and when the snapshot must be there. */
  function hookAttemptsToLookAt(run: OpenRun, identity: Identity): readonly Attempt[] {
    for (const attempt of finishedHookAttempts(run, identity, nowSeconds(), hookGraceSeconds.last)) {
      if (!overdue.has(keyOf(attempt))) waiting.delete(keyOf(attempt))
      overdue.add(keyOf(attempt))
    }
    return finishedHookAttempts(run, identity, nowSeconds(), hookGraceSeconds.first)
  }

  return { addNewSources, settle, refreshSnapshots, isWaiting: () => waiting.size > 0, runningSince }
}

function keyOf(attempt: Attempt): string {
  return `${attempt.startedAt} ${formatSource(attempt.source)}`
}
