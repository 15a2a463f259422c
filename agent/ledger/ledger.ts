// The truth: what is known of each source and of the repository. Plain data in, plain data out.

import type { BlobStats, RepositoryStatus } from '../kopia/cli/client.ts'
import type { Maintenance } from '../kopia/cli/maintenance.ts'
import type { Policy } from '../kopia/cli/policies.ts'
import type { Snapshot } from '../kopia/cli/snapshots.ts'
import { attemptOf, type FinishedAttempt } from '../kopia/runs/outcome.ts'
import type { Run, Runs } from '../kopia/runs/run.ts'
import { formatSource, type Source } from '../kopia/source.ts'
import { newSource, type SourceState, unknownSnapshots, withFinished, withSnapshots } from './source-state.ts'
import type { UptimeQuarters } from './uptime.ts'

export type RepositoryState = {
  readonly status?: RepositoryStatus
  readonly policies?: readonly Policy[]
  readonly maintenance?: Maintenance
  readonly blobs?: BlobStats
  readonly contentsBytes?: number
}

/** How the last run of a command of Kopia's ended, as a whole. */
export type CommandState = { readonly result: 'success' | 'failed'; readonly lastSuccessAt?: number }

export type LedgerData = {
  readonly version: 1
  /** When the agent first ran here, in Unix seconds. */
  readonly begunAt?: number
  /** Whether all that lay there at the first start was read: what is read later is new, whatever the clock says. */
  readonly isPastRead?: boolean
  readonly sources: Readonly<Record<string, SourceState>>
  readonly repository: RepositoryState
  readonly commands: Readonly<Record<string, CommandState>>
  readonly runs: Readonly<Record<string, Run>>
  /** Undefined where the machine is always on. */
  readonly uptimeQuarters?: UptimeQuarters
}

export const emptyLedger: LedgerData = { version: 1, sources: {}, repository: {}, commands: {}, runs: {} }

/** A question to Kopia. They are numbered, since the clock may be set back between two of them. */
export type Question = { readonly number: number; readonly askedAt: number }

export type Ledger = {
  readonly sources: ReadonlyMap<string, SourceState>
  readonly repository: RepositoryState
  /** Undefined where the machine is always on. */
  readonly uptimeQuarters: UptimeQuarters | undefined
  readonly setUptimeQuarters: (quarters: UptimeQuarters | undefined) => void
  readonly commands: ReadonlyMap<string, CommandState>
  /** What ends from now on is counted; only the first call does anything. */
  readonly begin: (nowSeconds: number) => void
  /** All that lay there at the first start was read and settled. */
  readonly endPast: () => void
  /** Whether what ended then is counted, in Unix seconds: what lay there at the first start is not. */
  readonly isCounted: (endedAt: number) => boolean
  /** A source that is new: its counters exist from now on, at 0. */
  readonly addSource: (source: Source, nowSeconds: number) => void
  /** A source that has gone, or never was this repository's. */
  readonly removeSource: (source: Source) => void
  readonly addFinished: (finished: FinishedAttempt, nowSeconds: number) => void
  /** What the repository holds of one source; an answer that an earlier question got does not replace a later one's. */
  readonly addSnapshots: (source: Source, snapshots: readonly Snapshot[], question: Question) => void
  /** Whether Kopia answered for the source after this question. */
  readonly wasAskedSince: (source: Source, question: Question) => boolean
  readonly addCommand: (command: string, result: CommandState['result'], endedAt: number) => void
  readonly updateRepository: (change: RepositoryState) => void
  /** The whole as plain data, together with how far the runs were read: they are saved as one. */
  readonly toData: (runs: Runs) => LedgerData
}

/** Opens the ledger that `data` holds. */
export function createLedger(data: LedgerData): Ledger {
  const sources = new Map(Object.entries(data.sources))
  const commands = new Map(Object.entries(data.commands))
  /** The newest question that was answered for a source; only this process's questions are numbered. */
  const answered = new Map<string, number>()
  let { begunAt, isPastRead = false, repository, uptimeQuarters } = data

  function ensureSource(source: Source, nowSeconds: number): SourceState {
    const known = sources.get(formatSource(source))
    if (known !== undefined) return known
    const state = newSource(source, nowSeconds)
    sources.set(formatSource(source), state)
    return state
  }

  function isCounted(endedAt: number): boolean {
    return begunAt !== undefined && (isPastRead || endedAt >= begunAt)
  }

  function addFinished(finished: FinishedAttempt, nowSeconds: number): void {
    const state = ensureSource(finished.source, nowSeconds)
    const next = withFinished(
      state,
      finished,
      isCounted(finished.endedAt) ? 'counted' : 'not counted',
      nowSeconds,
    )
    sources.set(formatSource(finished.source), next)
  }

  function addSnapshots(source: Source, snapshots: readonly Snapshot[], question: Question): void {
    if (wasAskedSince(source, question)) return
    const { askedAt } = question
    const state = ensureSource(source, askedAt)
    answered.set(formatSource(source), question.number)
    sources.set(formatSource(source), withSnapshots(state, snapshots))
    for (const snapshot of unknownSnapshots(state, snapshots, askedAt)) addFound(snapshot, askedAt)
  }

  /** Its log or its hooks may still tell of it, late. */
  function addFound(snapshot: Snapshot, nowSeconds: number): void {
    addFinished(attemptOf(snapshot), nowSeconds)
    const state = ensureSource(snapshot.source, nowSeconds)
    sources.set(formatSource(snapshot.source), { ...state, foundSnapshotId: snapshot.id })
  }

  function wasAskedSince(source: Source, { number }: Question): boolean {
    return (answered.get(formatSource(source)) ?? 0) > number
  }

  function addCommand(command: string, result: CommandState['result'], endedAt: number): void {
    const lastSuccessAt = result === 'success' ? endedAt : commands.get(command)?.lastSuccessAt
    commands.set(command, { result, ...(lastSuccessAt !== undefined && { lastSuccessAt }) })
  }

  return {
    sources,
    commands,
    get repository() {
      return repository
    },
    get uptimeQuarters() {
      return uptimeQuarters
    },
    setUptimeQuarters: (quarters) => {
      uptimeQuarters = quarters
    },
    begin: (nowSeconds) => {
      begunAt ??= nowSeconds
    },
    endPast: () => {
      isPastRead = true
    },
    isCounted,
    addSource: (source, nowSeconds) => {
      ensureSource(source, nowSeconds)
    },
    removeSource: (source) => {
      sources.delete(formatSource(source))
      answered.delete(formatSource(source))
    },
    addFinished,
    addSnapshots,
    wasAskedSince,
    addCommand,
    updateRepository: (change) => {
      repository = { ...repository, ...change }
    },
    toData: (runs) => ({
      version: 1,
      ...(begunAt !== undefined && { begunAt }),
      isPastRead,
      sources: Object.fromEntries(sources),
      repository,
      commands: Object.fromEntries(commands),
      runs: Object.fromEntries(runs),
      ...(uptimeQuarters !== undefined && { uptimeQuarters }),
    }),
  }
}
