// Enters into the ledger how ended runs went and what the repository says, and asks Kopia no more than needed.

import type { Answer, Kopia } from '../kopia/cli.ts'
import type { RunTracker } from '../kopia/run-tracker.ts'
import { settleRun } from '../kopia/settlement.ts'
import { bySource, type Snapshot } from '../kopia/snapshots.ts'
import { formatSource, parseSource, type Source } from '../kopia/source.ts'
import type { EndedRun } from '../kopia/tracked-run.ts'
import type { Finished, RepositoryAnswer } from '../kopia/verdict.ts'
import type { Log } from '../log.ts'
import type { Ledger } from './ledger.ts'

export type BookkeeperOptions = {
  readonly ledger: Ledger
  readonly tracker: RunTracker
  readonly kopia: Kopia
  /** `local`: only sources of the user@host that Kopia is here. */
  readonly scope: 'local' | 'all'
  readonly nowSeconds: () => number
  readonly log: Log
}

export type Bookkeeper = {
  /** Enters the sources of runs that have just begun. Returns whether there were new ones. */
  readonly addNewSources: () => boolean
  /** Settles what has ended since the last call, with one question to Kopia. Returns whether there was any. */
  readonly settleEndedRuns: () => Promise<boolean>
  /** Asks for all snapshots, and settles with the answer what waits for one. */
  readonly refreshSnapshots: () => Promise<void>
  /** Asks who Kopia is here and what it is connected to. */
  readonly refreshIdentity: () => Promise<void>
  /** Asks how large the repository is. */
  readonly refreshSize: () => Promise<void>
  /** Whether the last question was answered; undefined before the first. */
  readonly isReachable: () => boolean | undefined
  /** Whether there are runs whose outcome only the repository knows. */
  readonly isWaiting: () => boolean
}

type NamedRun = readonly [runId: string, run: EndedRun]

type SnapshotsAnswer =
  | { readonly kind: 'unavailable' }
  | {
      readonly kind: 'snapshots'
      readonly bySource: ReadonlyMap<string, readonly Snapshot[]>
      readonly askedAt: number
    }

/** Binds the ledger to the runs and to Kopia. */
export function createBookkeeper({
  ledger,
  tracker,
  kopia,
  scope,
  nowSeconds,
  log,
}: BookkeeperOptions): Bookkeeper {
  /** They were asked for in vain once; to ask again for each of them would cost what the schedule saves. */
  const waiting = new Set<string>()
  let reachable: boolean | undefined
  let lastReason: string | undefined

  function addNewSources(): boolean {
    const open = [...tracker.runs.values()].filter((run) => run.state === 'open')
    const sources = open
      .flatMap((run) => run.evidence.attempts.map((attempt) => attempt.source))
      .filter(isInScope)
    return sources.map((source) => ledger.addSource(source, nowSeconds())).includes(true)
  }

  async function settleEndedRuns(): Promise<boolean> {
    const fresh = endedRuns(tracker).filter(([runId]) => !waiting.has(runId))
    if (fresh.length === 0) return false
    if (fresh.every(([, run]) => run.evidence.attempts.length + run.hookCalls.length === 0)) {
      settle(fresh, { kind: 'unavailable' })
      return true
    }
    const answer = await askForSnapshots(onlySourceOf(fresh))
    settle(fresh, answer)
    enterSnapshots(answer)
    return true
  }

  async function refreshSnapshots(): Promise<void> {
    const answer = await askForSnapshots(undefined)
    settle(endedRuns(tracker), answer)
    enterSnapshots(answer)
  }

  function settle(runs: readonly NamedRun[], answer: RepositoryAnswer): void {
    for (const [runId, run] of runs) {
      const finished = settleRun(run, answer, ledger.repository.status)
      if (finished === undefined) {
        waiting.add(runId)
        continue
      }
      waiting.delete(runId)
      for (const attempt of finished.filter(({ source }) => isInScope(source))) {
        ledger.addFinished(attempt, nowSeconds())
      }
      tracker.settle(runId)
      if (ledger.isCounting()) report(runId, run, finished)
    }
  }

  function report(runId: string, run: EndedRun, finished: readonly Finished[]): void {
    for (const { source, outcome, durationSeconds } of finished) {
      log.info(`${formatSource(source)}: ${outcome} after ${durationSeconds.toFixed(3)} s.`)
    }
    const { finalError } = run.evidence
    if (finalError !== undefined) log.warn(`Kopia's run ${runId} ended with: ${finalError}`)
  }

  async function askForSnapshots(source: Source | undefined): Promise<SnapshotsAnswer> {
    const askedAt = nowSeconds()
    const answer = await kopia.snapshots(source)
    noteReachable(answer)
    if (!answer.ok) return { kind: 'unavailable' }
    return { kind: 'snapshots', bySource: bySource(answer.value), askedAt }
  }

  function enterSnapshots(answer: SnapshotsAnswer): void {
    if (answer.kind === 'unavailable') return
    for (const [name, snapshots] of answer.bySource) {
      const source = parseSource(name)
      if (source !== undefined && isInScope(source)) ledger.addSnapshots(source, snapshots, answer.askedAt)
    }
  }

  async function refreshIdentity(): Promise<void> {
    const answer = await kopia.repositoryStatus()
    noteReachable(answer)
    if (answer.ok) ledger.updateRepository({ status: answer.value })
  }

  async function refreshSize(): Promise<void> {
    const answer = await kopia.repositorySizeBytes()
    noteReachable(answer)
    if (answer.ok) ledger.updateRepository({ sizeBytes: answer.value })
  }

  /** Said once per change, not at each try. */
  function noteReachable(answer: Answer<unknown>): void {
    reachable = answer.ok
    if (answer.ok) {
      if (lastReason !== undefined) log.info('Kopia answers again.')
      lastReason = undefined
    } else if (answer.reason !== lastReason) {
      lastReason = answer.reason
      log.warn(
        `Kopia can't be asked, logs and hooks are followed all the same: ${answer.command}: ${answer.reason}`,
      )
    }
  }

  function isInScope(source: Source): boolean {
    const identity = ledger.repository.status
    if (scope === 'all' || identity === undefined) return true
    return source.user === identity.user && source.host === identity.host
  }

  return {
    addNewSources,
    settleEndedRuns,
    refreshSnapshots,
    refreshIdentity,
    refreshSize,
    isReachable: () => reachable,
    isWaiting: () => waiting.size > 0,
  }
}

/** In the order in which they ended: the last word on a source is the latest. */
function endedRuns(tracker: RunTracker): readonly NamedRun[] {
  const ended: NamedRun[] = []
  for (const [runId, run] of tracker.runs) if (run.state === 'ended') ended.push([runId, run])
  return ended.sort(([, one], [, other]) => one.endedAt - other.endedAt)
}

/** Kopia lists the snapshots of one source much faster than all; hooks alone do not name one in full. */
function onlySourceOf(runs: readonly NamedRun[]): Source | undefined {
  if (runs.some(([, run]) => run.evidence.attempts.length === 0)) return undefined
  const sources = runs.flatMap(([, run]) => run.evidence.attempts.map((attempt) => attempt.source))
  const [first] = sources
  return new Set(sources.map(formatSource)).size === 1 ? first : undefined
}
