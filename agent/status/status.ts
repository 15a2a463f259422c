// Decides the state of each source from the ledger, for the terminal, for scripts and for the page. Pure.

import type { FinishedAttempt } from '../kopia/runs/finished-attempt.ts'
import { formatSource, type Source } from '../kopia/source.ts'
import { type ExpectedInterval, expectedIntervalOf } from '../ledger/expected-interval.ts'
import type { Ledger, RepositoryState } from '../ledger/ledger.ts'
import { type RecentAttempt, unpacked } from '../ledger/recent-attempts.ts'
import type { SourceState } from '../ledger/source-state.ts'
import { overdueSince as overdueSinceOf } from './overdue.ts'

/** Worst first. `waiting`: no attempt is known yet, and the source is not overdue. */
export const states = ['failing', 'overdue', 'waiting', 'fine'] as const
export type State = (typeof states)[number]

/** Times in Unix seconds, sizes in bytes. */
export type SourceStatus = {
  readonly name: string
  readonly source: Source
  readonly state: State
  readonly runningSince?: number
  readonly lastAttempt?: FinishedAttempt
  readonly lastSuccessAt?: number
  readonly consecutiveFailures: number
  readonly expectedInterval?: ExpectedInterval
  /** When the next success is due by the expected interval, without any margin. */
  readonly nextExpectedAt?: number
  /** Since when it is overdue, with the margin; set also while it is failing. */
  readonly overdueSince?: number
  readonly sizeBytes?: number
  readonly files?: number
  readonly changedFiles?: number
  readonly snapshots?: number
  readonly recent: readonly RecentAttempt[]
}

export type Status = {
  readonly at: number
  readonly sources: readonly SourceStatus[]
  readonly counts: Readonly<Record<State, number>>
  /** Commands of Kopia whose last run failed, unless a failing source shows that already. */
  readonly failedCommands: readonly string[]
  readonly repository: RepositoryState
}

/** The status at the time `at`. `runningSince` has the starts of the attempts under way by `user@host:path`. */
export function statusOf(ledger: Ledger, runningSince: ReadonlyMap<string, number>, at: number): Status {
  const sources = [...ledger.sources.values()]
    .map((state) => sourceStatusOf(state, ledger, runningSince, at))
    .sort(compareWorstFirst)
  const counts: Record<State, number> = { failing: 0, overdue: 0, waiting: 0, fine: 0 }
  for (const { state } of sources) counts[state] += 1
  const failedCommands = [...ledger.commands]
    .filter(([command, { result }]) => result === 'failed' && !isShownBySource(command, counts))
    .map(([command]) => command)
  return { at, sources, counts, failedCommands, repository: ledger.repository }
}

/** Whether a source is failing or overdue. */
export function needsAttention({ counts }: Status): boolean {
  return counts.failing + counts.overdue > 0
}

function sourceStatusOf(
  state: SourceState,
  ledger: Ledger,
  runningSince: ReadonlyMap<string, number>,
  at: number,
): SourceStatus {
  const name = formatSource(state.source)
  const { source, lastAttempt, lastSuccessAt, consecutiveFailures, held } = state
  const expectedInterval = expectedIntervalOf(state, ledger.repository.policies)
  const since = lastSuccessAt ?? state.firstSeenAt
  const recent = unpacked(state.recent ?? [])
  const successes = recent.filter(({ outcome }) => outcome === 'success').map(({ endedAt }) => endedAt)
  const { uptimeQuarters } = ledger
  const overdueSince = overdueSinceOf(
    { lastSuccessAt: since, interval: expectedInterval, successes, uptimeQuarters },
    at,
  )
  const begun = runningSince.get(name)
  return {
    name,
    source,
    state: stateOf(lastAttempt, overdueSince),
    consecutiveFailures,
    recent,
    ...(begun !== undefined && { runningSince: begun }),
    ...(lastAttempt && { lastAttempt }),
    ...(lastSuccessAt !== undefined && { lastSuccessAt }),
    ...(expectedInterval && { expectedInterval, nextExpectedAt: since + expectedInterval.seconds }),
    ...(overdueSince !== undefined && { overdueSince }),
    ...(held && { snapshots: held.counts.all }),
    ...(held?.newest && {
      sizeBytes: held.newest.sizeBytes,
      files: held.newest.files,
      changedFiles: held.newest.changedFiles,
    }),
  }
}

function stateOf(lastAttempt: FinishedAttempt | undefined, overdueSince: number | undefined): State {
  if (lastAttempt !== undefined && lastAttempt.outcome !== 'success') return 'failing'
  if (overdueSince !== undefined) return 'overdue'
  return lastAttempt === undefined ? 'waiting' : 'fine'
}

/** `server-9` before `server-10`. */
const byName = new Intl.Collator('en', { numeric: true })

/** Within failing and overdue: the oldest success first; the others by name. */
function compareWorstFirst(one: SourceStatus, other: SourceStatus): number {
  const byState = states.indexOf(one.state) - states.indexOf(other.state)
  if (byState !== 0) return byState
  const byAge =
    one.state === 'fine' || one.state === 'waiting'
      ? 0
      : (one.lastSuccessAt ?? 0) - (other.lastSuccessAt ?? 0)
  return byAge || byName.compare(one.name, other.name)
}

function isShownBySource(command: string, counts: Readonly<Record<State, number>>): boolean {
  return command === 'snapshot create' && counts.failing > 0
}
