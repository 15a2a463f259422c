// Asks Kopia what no log says, enters the answers, and reports once when Kopia stops or begins to answer.

import { isServerClient, type Kopia } from '../kopia/cli/client.ts'
import type { KopiaResult } from '../kopia/cli/exec.ts'
import { effectivePolicyFor } from '../kopia/cli/policies.ts'
import { bySource, type Snapshot } from '../kopia/cli/snapshots.ts'
import type { RepositoryAnswer } from '../kopia/runs/finished-attempt.ts'
import { formatSource, type Source } from '../kopia/source.ts'
import type { Ledger, Question } from '../ledger/ledger.ts'
import type { Log } from '../util/log.ts'
import { enterRepositoryStatus } from './repository-identity.ts'

export type SnapshotsAnswer =
  | Extract<RepositoryAnswer, { kind: 'unavailable' }>
  | (Extract<RepositoryAnswer, { kind: 'snapshots' }> & {
      readonly question: Question
      /** The source that was asked about; undefined for all. */
      readonly about: Source | undefined
    })
  /** The agent stops and has ended the question: this says nothing about the repository. */
  | { readonly kind: 'interrupted' }

export type RepositoryQueries = {
  /** All snapshots, or one source's. */
  readonly snapshots: (source: Source | undefined) => Promise<SnapshotsAnswer>
  /** Who Kopia is here, what it is connected to, and which policies there are. */
  readonly refreshIdentity: () => Promise<void>
  readonly refreshPolicies: () => Promise<void>
  /** How large the repository is, and when its maintenance ran. */
  readonly refreshFigures: () => Promise<void>
  /** Whether Kopia answered the last question; undefined before the first. */
  readonly isReachable: () => boolean | undefined
  /** Since when the oldest question for snapshots waits for its answer, in Unix seconds; undefined if none does. */
  readonly waitingSince: () => number | undefined
}

type RepositoryQueriesOptions = {
  readonly ledger: Ledger
  readonly kopia: Kopia
  /** Ends the questions under way when the agent stops. */
  readonly signal: AbortSignal
  readonly nowSeconds: () => number
  readonly log: Log
}

/** Binds the ledger to Kopia's CLI. */
export function createRepositoryQueries(options: RepositoryQueriesOptions): RepositoryQueries {
  const { ledger, kopia, signal, nowSeconds, log } = options
  const reachability = createReachability(options)
  let questions = 0
  const waiting = new Map<number, number>()

  // A stop waits for the question under way, so none may begin after it.
  async function ask<T>(question: () => Promise<KopiaResult<T>>, enter: (value: T) => void): Promise<void> {
    if (signal.aborted) return
    const answer = await question()
    if (signal.aborted) return
    reachability.note(answer)
    if (answer.ok) enter(answer.value)
  }

  async function snapshots(source: Source | undefined): Promise<SnapshotsAnswer> {
    if (signal.aborted) return { kind: 'interrupted' }
    questions += 1
    const asked = { number: questions, askedAt: nowSeconds() }
    waiting.set(asked.number, asked.askedAt)
    const answer = await kopia.snapshots(source).finally(() => waiting.delete(asked.number))
    if (signal.aborted) return { kind: 'interrupted' }
    reachability.note(answer)
    if (!answer.ok) return { kind: 'unavailable' }
    const found = bySource(answer.value)
    if (isNewestMissing(ledger, source, found)) await refreshStatus()
    // What another repository holds says nothing about the sources of the one that the ledger is about.
    if (ledger.repository.changedTo !== undefined) return { kind: 'unavailable' }
    return {
      kind: 'snapshots',
      bySource: found,
      ignoresIdentical: (about) => ignoresIdentical(ledger, about),
      newestIdBefore: (about) => newestIdBefore(ledger, about),
      question: { ...asked, answeredAt: nowSeconds() },
      about: source,
    }
  }

  const figures = createFigures(options, ask)
  const refreshStatus = () =>
    ask(kopia.repositoryStatus, (status) => enterRepositoryStatus(ledger, status, log))
  const refreshPolicies = () => ask(kopia.policies, (policies) => ledger.updateRepository({ policies }))

  return {
    snapshots,
    refreshIdentity: async () => {
      await refreshStatus()
      if (reachability.isReachable()) await refreshPolicies()
    },
    refreshPolicies,
    refreshFigures: async () => {
      await refreshStatus()
      if (reachability.isReachable()) await figures.refresh()
    },
    isReachable: reachability.isReachable,
    waitingSince: () => [...waiting.values()][0],
  }
}

function ignoresIdentical({ repository }: Pick<Ledger, 'repository'>, source: Source): boolean {
  return effectivePolicyFor(repository.policies ?? [], source).ignoresIdentical
}

/** Whether the newest snapshot that is known of a source is not in the answer: it was deleted, or Kopia is connected elsewhere. */
function isNewestMissing(
  ledger: Pick<Ledger, 'sources'>,
  about: Source | undefined,
  found: ReadonlyMap<string, readonly Snapshot[]>,
): boolean {
  const asked = about === undefined ? [...ledger.sources.keys()] : [formatSource(about)]
  return asked.some((name) => {
    const newestId = ledger.sources.get(name)?.held?.newestId
    return newestId !== undefined && !found.get(name)?.some(({ id }) => id === newestId)
  })
}

type Ask = <T>(question: () => Promise<KopiaResult<T>>, enter: (value: T) => void) => Promise<void>

/** The size of the repository and its maintenance. A client of a repository server can't be asked; this is reported once. */
function createFigures({ ledger, kopia, log }: RepositoryQueriesOptions, ask: Ask) {
  let isReported = false

  function leaveOut(): void {
    ledger.updateRepository({ maintenance: undefined, blobs: undefined, contentsBytes: undefined })
    if (isReported) return
    isReported = true
    log.info(
      'Kopia is a client of a repository server: size and maintenance of the repository are known only to the server, so their ' +
        'metrics are left out here.',
    )
  }

  return {
    refresh: async () => {
      const { status } = ledger.repository
      if (status === undefined) return
      if (isServerClient(status)) return leaveOut()
      await ask(kopia.maintenance, (maintenance) => ledger.updateRepository({ maintenance }))
      await ask(kopia.blobStats, (blobs) => ledger.updateRepository({ blobs }))
      await ask(kopia.contentsBytes, (contentsBytes) => ledger.updateRepository({ contentsBytes }))
    },
  }
}

/** Where the repository was asked before, and showed nothing of the source, whatever it holds now is new. */
function newestIdBefore(ledger: Ledger, source: Source): string | undefined {
  const held = ledger.sources.get(formatSource(source))?.held
  if (held === undefined) return ledger.isCounted(0) ? undefined : ''
  return held.newestId ?? (held.newest === undefined ? undefined : '')
}

type Reachability = {
  readonly note: (answer: KopiaResult<unknown>) => void
  readonly isReachable: () => boolean | undefined
}

/** Reports each change once, not each try, and notes it in the ledger, which a command beside the agent reads. */
function createReachability({ ledger, nowSeconds, log }: RepositoryQueriesOptions): Reachability {
  let reachable: boolean | undefined
  let lastReason: string | undefined
  return {
    note: (answer) => {
      reachable = answer.ok
      const { unreachableSince } = ledger.repository
      if (answer.ok !== (unreachableSince === undefined))
        ledger.updateRepository({ unreachableSince: answer.ok ? undefined : nowSeconds() })
      if (answer.ok) {
        if (lastReason !== undefined) log.info('Kopia answers again.')
        lastReason = undefined
      } else if (answer.reason !== lastReason) {
        lastReason = answer.reason
        log.warn(
          `Kopia can't be asked, logs and hooks are followed all the same: ${answer.command}: ${answer.reason}`,
        )
      }
    },
    isReachable: () => reachable,
  }
}
