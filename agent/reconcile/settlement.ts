// Settles pending items by an answer of the repository: what is decided goes into the ledger, the rest waits.

import type { Attempt } from '../kopia/runs/evidence.ts'
import type { EndedRun, OpenRun, Telling } from '../kopia/runs/run.ts'
import type { RunTracker } from '../kopia/runs/tracker.ts'
import { formatSource, type Source } from '../kopia/source.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { withClaims } from './claims.ts'
import type { CommandEntries } from './command-entries.ts'
import { type Decision, decide } from './decisions.ts'
import type { Deferrals } from './deferrals.ts'
import type { LedgerEntries } from './ledger-entries.ts'
import { currentItems, isStillPending, type PendingItem, pendingRuns, unsettledAttempts } from './pending.ts'
import { quietRunsOf } from './quiet-runs.ts'
import type { RepositoryQueries, SnapshotsAnswer } from './repository-queries.ts'
import type { SetupNotes } from './setup-notes.ts'
import { subjectOf } from './subjects.ts'
import type { UnattributedRuns } from './unattributed-runs.ts'

type SettlementOptions = {
  readonly ledger: Ledger
  readonly tracker: RunTracker
  readonly repositoryQueries: Pick<RepositoryQueries, 'refreshIdentity' | 'refreshPolicies'>
  readonly entries: LedgerEntries
  readonly commands: CommandEntries
  readonly setup: SetupNotes
  readonly deferrals: Deferrals
  readonly unattributed: UnattributedRuns
  readonly pending: () => readonly PendingItem[]
  readonly nowSeconds: () => number
}

/** Binds the decisions to the ledger and to the runs. */
export class Settlement {
  readonly #options: SettlementOptions
  /** The names under which this machine backs up, and for which its identity was asked again. */
  readonly #otherNames = new Set<string>()

  constructor(options: SettlementOptions) {
    this.#options = options
  }

  /**
   * Enters all outcomes and what the repository holds in one step that waits for nothing: a ledger that is saved or pushed
   * meanwhile holds an attempt as counted and settled, with its snapshots, or as neither. Returns whether there was an answer.
   */
  async settle(items: readonly PendingItem[], answer: SnapshotsAnswer): Promise<boolean> {
    if (answer.kind === 'interrupted') return false
    const { tracker } = this.#options
    // Runs that wrote while Kopia answered must be known before their snapshots are entered.
    await tracker.sweep()
    await this.#refreshWhatIsOld(items, answer)
    const decisions = currentItems(items, this.#options.pending()).flatMap(
      (item) => this.#decide(item, answer) ?? [],
    )
    await tracker.exclusively(() => {
      for (const decision of decisions) this.#enter(decision)
      this.#options.entries.enterSnapshots(answer, this.#busySources(decisions))
    })
    this.#options.deferrals.retain([...this.#options.pending(), ...quietRunsOf(tracker)])
    this.#options.commands.retain(new Set(pendingRuns(tracker.runs).map(({ runId }) => runId)))
    this.#options.unattributed.retain(tracker.runs)
    return true
  }

  /**
   * The sources whose snapshots are left to attempts that are not settled yet: their own report says more. A run that can't be
   * told apart yet may be of this repository, too; but in a shared directory it may be another's, and then nothing would enter
   * the snapshot of an attempt that has just been settled.
   */
  #busySources(decisions: readonly Decision[]): ReadonlySet<string> {
    const { ledger, tracker, setup } = this.#options
    const unsettled = (kind: 'own' | undefined) =>
      unsettledAttempts(
        tracker.runs,
        ledger.repository.status,
        (run: OpenRun | EndedRun) => tracker.configurationOf(run)?.kind === kind,
      ).map(({ source }) => formatSource(source))
    const justSettled = new Set(
      setup.logDirectoryUse() === 'shared'
        ? decisions.flatMap((decision) => (decision.kind === 'own' ? decision.finished : [])).map(nameOf)
        : [],
    )
    return new Set([...unsettled('own'), ...unsettled(undefined).filter((name) => !justSettled.has(name))])
  }

  /** What this machine backs up under another name shows that the identity is old, and an unknown reason that policies are. */
  async #refreshWhatIsOld(items: readonly PendingItem[], answer: SnapshotsAnswer): Promise<void> {
    const { ledger, repositoryQueries } = this.#options
    if (answer.kind !== 'snapshots') return
    const attempts = items.flatMap((item) =>
      this.#options.setup.isOurs(item.run) ? subjectOf(item).attempts : [],
    )
    const { status } = ledger.repository
    const unknown = attempts
      .filter(({ source }) => status?.user !== source.user || status.host !== source.host)
      .map(({ source }) => formatSource(source))
      .filter((name) => !ledger.sources.get(name)?.lastAttempt && !this.#otherNames.has(name))
    for (const name of unknown) this.#otherNames.add(name)
    if (unknown.length > 0) await repositoryQueries.refreshIdentity()
    const isUnexpected = ({ source, reportedResult, mayBeIdentical }: Attempt) =>
      (reportedResult?.kind === 'identical' || mayBeIdentical) && !answer.ignoresIdentical(source)
    if (attempts.some(isUnexpected)) await repositoryQueries.refreshPolicies()
  }

  #decide(
    item: PendingItem,
    answer: Exclude<SnapshotsAnswer, { kind: 'interrupted' }>,
  ): Decision | undefined {
    const { ledger, tracker, nowSeconds } = this.#options
    const decision = decide(item, {
      answer: withClaims(answer, item.runId, tracker.runs, ledger.sources),
      identity: ledger.repository.status,
      configuration: tracker.configurationOf(item.run),
      use: this.#options.setup.logDirectoryUse(),
      nowSeconds: nowSeconds(),
    })
    if (decision === undefined) this.#options.deferrals.defer(item)
    return decision
  }

  #enter(decision: Decision): void {
    const { ledger, tracker, nowSeconds } = this.#options
    const { item } = decision
    if (!isStillPending(item, tracker.runs, ledger.repository.status, nowSeconds())) return
    const { entries, commands, unattributed, setup } = this.#options
    const finished = decision.kind === 'own' ? decision.finished : []
    for (const attempt of finished) entries.enterAttempt(attempt)
    if (decision.kind !== 'own') for (const { source } of subjectOf(item).attempts) entries.takeBack(source)
    if (decision.kind === 'unknown') {
      unattributed.note(item.runId)
      const endedAt = item.kind === 'run' ? item.run.endedAt : item.attempt.finishedAt
      if (setup.logDirectoryUse() === 'not shared' && endedAt !== undefined) setup.noteForeignRun(endedAt)
    }
    if (item.kind === 'attempt') {
      tracker.settleAttempt(item.runId, item.attempt, finished[0])
      return
    }
    if (decision.kind === 'own') commands.enterEnd(item.runId, item.run, finished)
    tracker.settle(item.runId, tellingOf(item.run, decision))
  }
}

function nameOf({ source }: { readonly source: Source }): string {
  return formatSource(source)
}

/** What such a run backed up is known by the repository alone. */
function tellingOf(run: EndedRun, decision: Decision): Telling {
  if (decision.kind !== 'own') return decision.kind === 'unknown' ? 'untold' : 'told'
  const tellsNothing = decision.finished.length === 0 && run.lastSettled === undefined
  return tellsNothing && run.evidence.finalError === undefined ? 'untold' : 'told'
}
