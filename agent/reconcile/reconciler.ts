// Settles what has ended: runs, events and Kopia's answers go into the ledger, with as few questions as possible.

import { keyOf } from '../kopia/runs/attempts.ts'
import type { Attempt } from '../kopia/runs/evidence.ts'
import type { EndedRun, OpenRun } from '../kopia/runs/run.ts'
import type { RunTracker } from '../kopia/runs/tracker.ts'
import { formatSource } from '../kopia/source.ts'
import { withClaims } from './claims.ts'
import { type CommandEntries, createCommandEntries } from './command-entries.ts'
import { createDeferrals, type Deferrals } from './deferrals.ts'
import { createDoubts, type Doubts } from './doubts.ts'
import { createLedgerEntries, type LedgerEntries, type LedgerEntriesOptions } from './ledger-entries.ts'
import { type PendingItem, pendingAttempts, pendingRuns, runningAttempts } from './pending.ts'
import { endProvenRuns, type QuietRun, quietRunsOf } from './quiet-runs.ts'
import type { RepositoryQueries, SnapshotsAnswer } from './repository-queries.ts'
import { Settlement } from './settlement.ts'
import { createSetupNotes, type SetupNotes } from './setup-notes.ts'
import { type Subject, snapshotsNeeded, subjectOf, subjectOfRun } from './subjects.ts'
import { createUnattributedRuns } from './unattributed-runs.ts'
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
  readonly #settlement: Settlement
  readonly #commands: CommandEntries
  readonly #setup: SetupNotes
  readonly #doubts: Doubts
  readonly #deferrals: Deferrals = createDeferrals()
  #keysUnderWay = ''

  constructor(options: ReconcilerOptions) {
    this.#options = options
    this.#entries = createLedgerEntries({ ...options, unexplained: createUnexplainedSnapshots(options) })
    this.#commands = createCommandEntries(options)
    this.#setup = createSetupNotes(options)
    this.#doubts = createDoubts(options)
    this.#settlement = new Settlement({
      ...options,
      entries: this.#entries,
      commands: this.#commands,
      setup: this.#setup,
      deferrals: this.#deferrals,
      unattributed: createUnattributedRuns(options),
      pending: () => this.#pending(),
    })
  }

  /** Enters what has begun. Returns whether other attempts are under way, or a server works again. */
  noteBeginnings(): boolean {
    this.#setup.note()
    const hasNewServer = this.#commands.enterRunningServers(this.#options.tracker.runs, this.#setup.isOurs)
    const underWay = this.#running()
    for (const { source } of underWay) this.#entries.enterBeginning(source)
    const keys = underWay.map(keyOf).sort().join('\n')
    const hasChanged = keys !== this.#keysUnderWay
    this.#keysUnderWay = keys
    return hasChanged || hasNewServer
  }

  /** Enters the commands that have failed, before their attempts are known. Returns whether one is new. */
  noteFailures(): boolean {
    const isNew = pendingRuns(this.#options.tracker.runs).map(
      ({ runId, run }) => this.#setup.isOurs(run) && this.#commands.enterFailure(runId, run),
    )
    return isNew.includes(true)
  }

  /** Settles what has ended since the last call, with one question to Kopia. Returns whether the ledger has changed. */
  async settle(): Promise<boolean> {
    // The log of the same process may be there by now, and it says more than the hooks.
    if (this.#pending().some(isOfHooks)) await this.#options.tracker.sweep()
    const hasEndedQuietly = await this.#endQuietRuns()
    const due = this.#deferrals.due(this.#pending())
    const hasSettled = due.length > 0 && (await this.#settlement.settle(due, await this.#askAbout(due)))
    return this.noteDoubts() || hasEndedQuietly || hasSettled
  }

  /** Enters which attempts wait too long for their proof. Returns whether one is new. */
  noteDoubts(): boolean {
    return this.#doubts.note(this.#pending().filter(({ run }) => this.#setup.isOurs(run)))
  }

  /** Asks for all snapshots: settles what waits for an answer, and enters snapshots of which no log reports. */
  async refreshSnapshots(): Promise<void> {
    const { tracker, repositoryQueries } = this.#options
    await tracker.sweep()
    await tracker.endFinishedRuns()
    // What ends while Kopia answers may be missing in the answer, so it is not decided by it.
    const pending = this.#pending()
    const quiet = this.#quietRuns()
    const answer = await repositoryQueries.snapshots(undefined)
    const ended = await this.#endProven(quiet, answer)
    if (await this.#settlement.settle([...pending, ...ended], answer)) {
      this.#entries.removeGoneSources(answer, new Set(this.runningSince().keys()))
    }
  }

  /** Whether there are attempts whose outcome only a later answer of the repository can tell. */
  isWaiting(): boolean {
    return this.#deferrals.isAnyDeferred([...this.#pending(), ...this.#quietRuns()])
  }

  /** When the running attempt of each source began, in Unix seconds, by `user@host:path`. */
  runningSince(): ReadonlyMap<string, number> {
    return new Map(this.#running().map(({ source, startedAt }) => [formatSource(source), startedAt]))
  }

  /** Settles quiet runs by the answer that shows their end. Returns whether the ledger has changed. */
  async #endQuietRuns(): Promise<boolean> {
    const due = this.#deferrals.due(this.#quietRuns())
    if (due.length === 0) return false
    const answer = await this.#ask(due.map(({ run }) => subjectOfRun(run)))
    if (answer.kind === 'interrupted') return false
    for (const quiet of due) this.#deferrals.defer(quiet)
    const ended = await this.#endProven(due, answer)
    return ended.length > 0 && this.#settlement.settle(ended, answer)
  }

  /** Where the repository lacks a snapshot of a quiet run, only a longer silence tells that it has ended. */
  async #endProven(quiet: readonly QuietRun[], answer: SnapshotsAnswer): Promise<readonly PendingItem[]> {
    if (answer.kind === 'interrupted') return []
    const { ledger, tracker } = this.#options
    const answerFor = (runId: string) => withClaims(answer, runId, tracker.runs, ledger.sources)
    const over = await endProvenRuns(tracker, quiet, answerFor, ledger.repository.status)
    return this.#pending().filter(({ runId }) => over.has(runId))
  }

  #quietRuns(): readonly QuietRun[] {
    return quietRunsOf(this.#options.tracker).filter(({ run }) => !this.#isOfOther(run))
  }

  /** The repository is not asked about runs that are certainly another's. */
  #askAbout(items: readonly PendingItem[]): Promise<SnapshotsAnswer> {
    return this.#ask(items.filter(({ run }) => !this.#isOfOther(run)).map(subjectOf))
  }

  #isOfOther(run: OpenRun | EndedRun): boolean {
    return this.#options.tracker.configurationOf(run)?.kind === 'other'
  }

  /** Asks once for all, and not at all where no snapshot was taken. */
  async #ask(subjects: readonly Subject[]): Promise<SnapshotsAnswer> {
    const needed = snapshotsNeeded(subjects)
    if (needed.kind === 'none') return { kind: 'unavailable' }
    return this.#options.repositoryQueries.snapshots(needed.kind === 'all' ? undefined : needed.source)
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
