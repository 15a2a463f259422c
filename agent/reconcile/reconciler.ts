// Settles what has ended: runs, events and Kopia's answers go into the ledger, with as few questions as possible.

import { keyOf } from '../kopia/runs/attempts.ts'
import type { Attempt } from '../kopia/runs/evidence.ts'
import type { RepositoryAnswer } from '../kopia/runs/outcome.ts'
import type { RunTracker } from '../kopia/runs/tracker.ts'
import { formatSource, type Source } from '../kopia/source.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Log } from '../util/log.ts'
import { type Decision, decide } from './decisions.ts'
import { createDeferrals, type Deferrals } from './deferrals.ts'
import { createLedgerEntries, type LedgerEntries } from './ledger-entries.ts'
import {
  isStillPending,
  type PendingItem,
  pendingAttempts,
  pendingRuns,
  runningAttempts,
  unsettledAttempts,
} from './pending.ts'
import { isEachSnapshotIn, quietRunsOf } from './quiet-runs.ts'
import type { RepositoryQueries, SnapshotsAnswer } from './repository-queries.ts'
import { type Subject, snapshotsNeeded, subjectOf, subjectOfRun } from './subjects.ts'

type ReconcilerOptions = {
  readonly ledger: Ledger
  readonly tracker: RunTracker
  readonly repositoryQueries: RepositoryQueries
  /** Which sources are reported, by user, host and path. */
  readonly isWanted: (source: Source) => boolean
  readonly nowSeconds: () => number
  readonly log: Log
}

/** Binds the ledger to the runs and to Kopia. */
export class Reconciler {
  readonly #options: ReconcilerOptions
  readonly #entries: LedgerEntries
  readonly #deferrals: Deferrals = createDeferrals()
  #keysUnderWay = ''

  constructor(options: ReconcilerOptions) {
    this.#options = options
    this.#entries = createLedgerEntries(options)
  }

  /** Enters the sources of attempts that have begun. Returns whether other attempts are under way than before. */
  noteBeginnings(): boolean {
    const { ledger, isWanted, nowSeconds } = this.#options
    const underWay = this.#running().filter(({ source }) => isWanted(source))
    for (const { source } of underWay) ledger.addSource(source, nowSeconds())
    const keys = underWay.map(keyOf).sort().join('\n')
    const hasChanged = keys !== this.#keysUnderWay
    this.#keysUnderWay = keys
    return hasChanged
  }

  /** Settles what has ended since the last call, with one question to Kopia. Returns whether there was any. */
  async settle(): Promise<boolean> {
    // The log of the same process may be there by now, and it says more than the hooks.
    if (this.#pending().some(isOfHooks)) await this.#options.tracker.sweep()
    await this.#endQuietRuns()
    const due = this.#deferrals.due(this.#pending())
    if (due.length === 0) return false
    return this.#settleAll(due, await this.#askAbout(due.map(subjectOf)))
  }

  /** Asks for all snapshots: settles what waits for an answer, and enters snapshots of which no log reports. */
  async refreshSnapshots(): Promise<void> {
    const { tracker, repositoryQueries } = this.#options
    await tracker.sweep()
    await tracker.endFinishedRuns()
    // What ends while Kopia answers may be missing in the answer, so it is not decided by it.
    const pending = this.#pending()
    const answer = await repositoryQueries.snapshots(undefined)
    if (await this.#settleAll(pending, answer)) {
      this.#entries.removeGoneSources(answer, new Set(this.runningSince().keys()))
    }
  }

  /** Whether there are attempts whose outcome only a later answer of the repository can tell. */
  isWaiting(): boolean {
    return this.#deferrals.isAnyDeferred([...this.#pending(), ...quietRunsOf(this.#options.tracker)])
  }

  /** When the running attempt of each source began, in Unix seconds, by `user@host:path`. */
  runningSince(): ReadonlyMap<string, number> {
    return new Map(this.#running().map(({ source, startedAt }) => [formatSource(source), startedAt]))
  }

  /** Where the repository does not hold all snapshots of a quiet run, only a longer silence tells that it has ended. */
  async #endQuietRuns(): Promise<void> {
    const { ledger, tracker } = this.#options
    const due = this.#deferrals.due(quietRunsOf(tracker))
    if (due.length === 0) return
    const answer = await this.#askAbout(due.map(({ run }) => subjectOfRun(run)))
    if (answer.kind === 'interrupted') return
    for (const quiet of due) this.#deferrals.defer(quiet)
    const over = due.filter((quiet) => isEachSnapshotIn(answer, quiet, ledger.repository.status))
    await tracker.end(over.map(({ runId }) => runId))
  }

  /** Asks once for all, and not at all where no snapshot was taken. */
  async #askAbout(subjects: readonly Subject[]): Promise<SnapshotsAnswer> {
    const needed = snapshotsNeeded(subjects)
    if (needed.kind === 'none') return { kind: 'unavailable' }
    return this.#options.repositoryQueries.snapshots(needed.kind === 'all' ? undefined : needed.source)
  }

  /**
   * Enters all outcomes and what the repository holds in one step that waits for nothing: a ledger that is saved or pushed
   * meanwhile holds an attempt as counted and settled, with its snapshots, or as neither.
   */
  async #settleAll(items: readonly PendingItem[], answer: SnapshotsAnswer): Promise<boolean> {
    if (answer.kind === 'interrupted') return false
    const { ledger, tracker, repositoryQueries } = this.#options
    // Runs that wrote while Kopia answered must be known before their snapshots are entered.
    await tracker.sweep()
    const decisions = items.flatMap((item) => this.#decide(item, answer) ?? [])
    const sources = decisions.flatMap(({ finished }) => finished.map(({ source }) => source))
    // A source without snapshots may belong here by a policy that is new.
    if (sources.some((source) => this.#entries.isUnknown(source, answer))) {
      await repositoryQueries.refreshPolicies()
    }
    await tracker.exclusively(() => {
      for (const decision of decisions) this.#enter(decision, answer)
      const busy = unsettledAttempts(tracker.runs, ledger.repository.status)
      this.#entries.enterSnapshots(answer, new Set(busy.map(({ source }) => formatSource(source))))
    })
    this.#deferrals.retain([...this.#pending(), ...quietRunsOf(this.#options.tracker)])
    return true
  }

  #decide(item: PendingItem, answer: RepositoryAnswer): Decision | undefined {
    const { ledger, nowSeconds } = this.#options
    const decision = decide(item, answer, ledger.repository.status, nowSeconds())
    if (decision === undefined) this.#deferrals.defer(item)
    return decision
  }

  #enter({ item, finished }: Decision, answer: SnapshotsAnswer): void {
    const { ledger, tracker, nowSeconds } = this.#options
    if (!isStillPending(item, tracker.runs, ledger.repository.status, nowSeconds())) return
    for (const attempt of finished) this.#entries.enterAttempt(attempt, answer)
    if (item.kind === 'run') {
      this.#entries.enterCommand(item.runId, item.run, finished)
      tracker.settle(item.runId)
    } else tracker.settleAttempt(item.runId, item.attempt)
  }

  #pending(): readonly PendingItem[] {
    const { ledger, tracker, nowSeconds } = this.#options
    return [
      ...pendingAttempts(tracker.runs, ledger.repository.status, nowSeconds()),
      ...pendingRuns(tracker.runs),
    ]
  }

  #running(): readonly Attempt[] {
    const { ledger, tracker } = this.#options
    return runningAttempts(tracker.runs, ledger.repository.status)
  }
}

function isOfHooks(item: PendingItem): boolean {
  return item.kind === 'attempt' && item.attempt.origin === 'hook'
}
