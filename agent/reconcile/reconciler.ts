// Settles what has ended: runs, events and Kopia's answers go into the ledger, with as few questions as possible.

import { keyOf } from '../kopia/runs/attempts.ts'
import type { Attempt } from '../kopia/runs/evidence.ts'
import type { RunTracker } from '../kopia/runs/tracker.ts'
import { formatSource } from '../kopia/source.ts'
import { type CommandEntries, createCommandEntries } from './command-entries.ts'
import { type Decision, decide } from './decisions.ts'
import { createDeferrals, type Deferrals } from './deferrals.ts'
import { createDoubts, type Doubts } from './doubts.ts'
import { createLedgerEntries, type LedgerEntries, type LedgerEntriesOptions } from './ledger-entries.ts'
import {
  currentItems,
  isStillPending,
  type PendingItem,
  pendingAttempts,
  pendingRuns,
  runningAttempts,
  unsettledAttempts,
} from './pending.ts'
import { isEachProven, quietRunsOf } from './quiet-runs.ts'
import type { RepositoryQueries, SnapshotsAnswer } from './repository-queries.ts'
import { createSetupNotes, type SetupNotes } from './setup-notes.ts'
import { type Subject, snapshotsNeeded, subjectOf, subjectOfRun } from './subjects.ts'
import { createUnattributedRuns, type UnattributedRuns } from './unattributed-runs.ts'
import { createUnexplainedSnapshots } from './unexplained-snapshots.ts'

type ReconcilerOptions = Omit<LedgerEntriesOptions, 'unexplained'> & {
  readonly tracker: RunTracker
  readonly repositoryQueries: RepositoryQueries
  readonly onUnattributed: () => void
  readonly onUnexplained: () => void
}

/** Binds the ledger to the runs and to Kopia. */
export class Reconciler {
  readonly #options: ReconcilerOptions
  readonly #entries: LedgerEntries
  readonly #commands: CommandEntries
  readonly #setup: SetupNotes
  readonly #doubts: Doubts
  readonly #unattributed: UnattributedRuns
  readonly #deferrals: Deferrals = createDeferrals()
  #keysUnderWay = ''

  constructor(options: ReconcilerOptions) {
    const { ledger, log } = options
    this.#options = options
    this.#entries = createLedgerEntries({ ...options, unexplained: createUnexplainedSnapshots(options) })
    this.#commands = createCommandEntries(ledger, log)
    this.#setup = createSetupNotes(options)
    this.#doubts = createDoubts(options)
    this.#unattributed = createUnattributedRuns(options)
  }

  /** Enters the sources of attempts that have begun. Returns whether other attempts are under way than before. */
  noteBeginnings(): boolean {
    this.#setup.note()
    for (const [runId, run] of this.#options.tracker.runs) {
      if (run.state === 'open' && this.#setup.isOurs(run)) this.#commands.enterRunningServer(runId, run)
    }
    const underWay = this.#running()
    for (const { source } of underWay) this.#entries.enterBeginning(source)
    const keys = underWay.map(keyOf).sort().join('\n')
    const hasChanged = keys !== this.#keysUnderWay
    this.#keysUnderWay = keys
    return hasChanged
  }

  /** Settles what has ended since the last call, with one question to Kopia. Returns whether the ledger has changed. */
  async settle(): Promise<boolean> {
    // The log of the same process may be there by now, and it says more than the hooks.
    if (this.#pending().some(isOfHooks)) await this.#options.tracker.sweep()
    await this.#endQuietRuns()
    const hasFailed = this.#enterFailedCommands()
    const due = this.#deferrals.due(this.#pending())
    const hasSettled = due.length > 0 && (await this.#settleAll(due, await this.#askAbout(due)))
    const isDoubtful = this.#doubts.note(this.#pending().filter(({ run }) => this.#setup.isOurs(run)))
    return hasFailed || hasSettled || isDoubtful
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
    const answer = await this.#ask(due.map(({ run }) => subjectOfRun(run)))
    if (answer.kind === 'interrupted') return
    for (const quiet of due) this.#deferrals.defer(quiet)
    const over = due.filter((quiet) => isEachProven(answer, quiet, ledger.repository.status))
    await tracker.end(over.map(({ runId }) => runId))
  }

  /** The repository is not asked about runs that are certainly another's. */
  #askAbout(items: readonly PendingItem[]): Promise<SnapshotsAnswer> {
    const { tracker } = this.#options
    return this.#ask(items.filter(({ run }) => tracker.configurationOf(run)?.kind !== 'other').map(subjectOf))
  }

  /** Asks once for all, and not at all where no snapshot was taken. */
  async #ask(subjects: readonly Subject[]): Promise<SnapshotsAnswer> {
    const needed = snapshotsNeeded(subjects)
    if (needed.kind === 'none') return { kind: 'unavailable' }
    return this.#options.repositoryQueries.snapshots(needed.kind === 'all' ? undefined : needed.source)
  }

  /** A command that has failed is known before its attempts are. */
  #enterFailedCommands(): boolean {
    let hasFailed = false
    for (const { runId, run } of pendingRuns(this.#options.tracker.runs)) {
      if (this.#setup.isOurs(run)) hasFailed = this.#commands.enterFailure(runId, run) || hasFailed
    }
    return hasFailed
  }

  /**
   * Enters all outcomes and what the repository holds in one step that waits for nothing: a ledger that is saved or pushed
   * meanwhile holds an attempt as counted and settled, with its snapshots, or as neither.
   */
  async #settleAll(items: readonly PendingItem[], answer: SnapshotsAnswer): Promise<boolean> {
    if (answer.kind === 'interrupted') return false
    const { ledger, tracker } = this.#options
    // Runs that wrote while Kopia answered must be known before their snapshots are entered.
    await tracker.sweep()
    await this.#refreshWhatIsOld(items, answer)
    const decisions = currentItems(items, this.#pending()).flatMap((item) => this.#decide(item, answer) ?? [])
    await tracker.exclusively(() => {
      for (const decision of decisions) this.#enter(decision)
      const busy = unsettledAttempts(tracker.runs, ledger.repository.status, this.#setup.isOurs)
      this.#entries.enterSnapshots(answer, new Set(busy.map(({ source }) => formatSource(source))))
    })
    this.#deferrals.retain([...this.#pending(), ...quietRunsOf(tracker)])
    this.#commands.retain(new Set(pendingRuns(tracker.runs).map(({ runId }) => runId)))
    return true
  }

  /** What this machine backs up under another name shows that the identity is old, and an unknown reason that policies are. */
  async #refreshWhatIsOld(items: readonly PendingItem[], answer: SnapshotsAnswer): Promise<void> {
    const { ledger, repositoryQueries } = this.#options
    if (answer.kind !== 'snapshots') return
    const attempts = items.flatMap((item) => (this.#setup.isOurs(item.run) ? subjectOf(item).attempts : []))
    const { status } = ledger.repository
    const isUnknown = ({ source }: Attempt) =>
      (status?.user !== source.user || status.host !== source.host) &&
      !ledger.sources.get(formatSource(source))?.lastAttempt
    if (attempts.some(isUnknown)) await repositoryQueries.refreshIdentity()
    const isUnexpected = ({ source, reportedResult }: Attempt) =>
      reportedResult?.kind === 'identical' && !answer.ignoresIdentical(source)
    if (attempts.some(isUnexpected)) await repositoryQueries.refreshPolicies()
  }

  #decide(
    item: PendingItem,
    answer: Exclude<SnapshotsAnswer, { kind: 'interrupted' }>,
  ): Decision | undefined {
    const { ledger, tracker, nowSeconds } = this.#options
    const decision = decide(item, {
      answer,
      identity: ledger.repository.status,
      configuration: tracker.configurationOf(item.run),
      use: this.#setup.logDirectoryUse(),
      nowSeconds: nowSeconds(),
    })
    if (decision === undefined) this.#deferrals.defer(item)
    return decision
  }

  #enter(decision: Decision): void {
    const { ledger, tracker, nowSeconds } = this.#options
    const { item } = decision
    if (!isStillPending(item, tracker.runs, ledger.repository.status, nowSeconds())) return
    const finished = decision.kind === 'own' ? decision.finished : []
    for (const attempt of finished) this.#entries.enterAttempt(attempt)
    if (decision.kind === 'unknown') this.#unattributed.note(item.runId)
    if (item.kind === 'attempt') {
      tracker.settleAttempt(item.runId, item.attempt, finished[0]?.outcome ?? 'success')
      return
    }
    if (decision.kind === 'own') this.#commands.enterEnd(item.runId, item.run, finished)
    tracker.settle(item.runId)
  }

  #pending(): readonly PendingItem[] {
    const { ledger, tracker, nowSeconds } = this.#options
    return [
      ...pendingAttempts(tracker.runs, ledger.repository.status, nowSeconds()),
      ...pendingRuns(tracker.runs),
    ]
  }

  /** Of runs that may belong to another repository nothing is shown. */
  #running(): readonly Attempt[] {
    const { ledger, tracker } = this.#options
    return runningAttempts(tracker.runs, ledger.repository.status, this.#setup.isOurs)
  }
}

function isOfHooks(item: PendingItem): boolean {
  return item.kind === 'attempt' && item.attempt.origin === 'hook'
}
