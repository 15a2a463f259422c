// Decides the state of each source from the ledger, for the terminal, for scripts and for the page. Pure.

import type { FinishedAttempt } from '../kopia/runs/finished-attempt.ts'
import { formatSource, type Source } from '../kopia/source.ts'
import type { Ledger, RepositoryState } from '../ledger/ledger.ts'
import { type RecentAttempt, unpacked } from '../ledger/recent-attempts.ts'
import type { SourceState } from '../ledger/source-state.ts'
import { type LimitContext, type LimitSettings, limitContextOf } from '../limits/context.ts'
import { type Deadline, deadlineOf, overdueSince as overdueSinceOf } from '../limits/deadline.ts'
import { type ExpectedInterval, expectedIntervalOf } from '../limits/expected-interval.ts'
import { runningDeadlineOf } from '../limits/running-deadline.ts'
import { type FailedCommand, failedCommandsOf } from './failed-commands.ts'
import { type ProofStatus, proofStatusOf } from './proof.ts'

/**
 * Worst first. `failing`: the last attempt made no complete backup, or nothing proves its success, or the repository holds no
 * snapshot any more, or a snapshot can't be read back. `waiting`: no attempt is known yet, and the source is not overdue.
 */
export const states = ['failing', 'overdue', 'waiting', 'fine'] as const
export type State = (typeof states)[number]

/** Times in Unix seconds, sizes in bytes. */
export type SourceStatus = {
  readonly name: string
  readonly source: Source
  readonly state: State
  readonly runningSince?: number
  /** Since when the running attempt counts as stuck, as in the alert KopiaBackupStuck. */
  readonly stuckSince?: number
  readonly lastAttempt?: FinishedAttempt
  /** Why the last attempt made no complete backup, or why nothing proves its success. */
  readonly reason?: string
  /** Since when a reported success waits for its proof, without hope. */
  readonly unprovenSince?: number
  /** Since when the repository holds no snapshot of it. */
  readonly goneSince?: number
  readonly lastSuccessAt?: number
  readonly consecutiveFailures: number
  readonly expectedInterval?: ExpectedInterval
  /** When it becomes overdue unless it succeeds before, and when the next success is due. */
  readonly deadline: Deadline
  /** Since when it is overdue; set also while it is failing. */
  readonly overdueSince?: number
  readonly sizeBytes?: number
  readonly files?: number
  readonly changedFiles?: number
  readonly snapshots?: number
  /** Undefined for a source that was never verified, and for which no verification is scheduled. */
  readonly proof?: ProofStatus
  readonly recent: readonly RecentAttempt[]
}

export type Status = {
  readonly at: number
  readonly sources: readonly SourceStatus[]
  readonly counts: Readonly<Record<State, number>>
  /** The number of sources whose proof that they can be read back is overdue; it changes no state. */
  readonly overdueProofs: number
  /** The number of sources whose running attempt counts as stuck; it changes no state. */
  readonly stuck: number
  /** Commands of Kopia whose last run failed, unless a failing source shows that already; a restore for a day. */
  readonly failedCommands: readonly FailedCommand[]
  readonly repository: RepositoryState
}

/** The status at the time `at`. `runningSince` has the starts of the attempts under way by `user@host:path`. */
export function statusOf(
  ledger: Ledger,
  limits: LimitSettings,
  runningSince: ReadonlyMap<string, number>,
  at: number,
): Status {
  const context = limitContextOf(ledger, limits, at)
  const sources = [...ledger.sources]
    .map(([name, state]) => sourceStatusOf(state, context, runningSince.get(name)))
    .sort(compareWorstFirst)
  const counts: Record<State, number> = { failing: 0, overdue: 0, waiting: 0, fine: 0 }
  for (const { state } of sources) counts[state] += 1
  const failedCommands = failedCommandsOf(
    ledger,
    () => [...ledger.sources.values()].some(isBackupFailing),
    at,
  )
  const overdueProofs = sources.filter(hasOverdueProof).length
  const stuck = sources.filter(isStuck).length
  return { at, sources, counts, overdueProofs, stuck, failedCommands, repository: ledger.repository }
}

/** The number of things that need attention. */
export function problemCount({ counts, repository, ...others }: Status): number {
  const inSources = counts.failing + counts.overdue + others.overdueProofs + others.stuck
  return inSources + others.failedCommands.length + (repository.changedTo === undefined ? 0 : 1)
}

/** The state that stands for all: of the worst source, or worse for what no source shows. */
export function overallState(status: Status): State {
  if (status.repository.changedTo !== undefined) return 'failing'
  const worst = status.sources[0]?.state ?? 'waiting'
  return problemCount(status) > 0 && worst !== 'failing' ? 'overdue' : worst
}

function sourceStatusOf(
  state: SourceState,
  context: LimitContext,
  runningSince: number | undefined,
): SourceStatus {
  const { source, lastAttempt, lastSuccessAt, consecutiveFailures, held, unproven, goneSince } = state
  const name = formatSource(source)
  const expectedInterval = expectedIntervalOf(state, context)
  const deadline = deadlineOf(state, context, runningSince)
  const overdueSince = overdueSinceOf(deadline, context.nowSeconds)
  const stuckAt = runningDeadlineOf(state, context, runningSince)
  const proof = proofStatusOf(state, context)
  return {
    name,
    source,
    state: stateOf(state, proof, overdueSince),
    consecutiveFailures,
    deadline,
    recent: unpacked(state.recent ?? []),
    ...(runningSince !== undefined && { runningSince }),
    ...(stuckAt !== undefined && stuckAt < context.nowSeconds && { stuckSince: stuckAt }),
    ...(lastAttempt && { lastAttempt }),
    ...reasonOf(state),
    ...(unproven && { unprovenSince: unproven.since }),
    ...(goneSince !== undefined && { goneSince }),
    ...(lastSuccessAt !== undefined && { lastSuccessAt }),
    ...(expectedInterval && { expectedInterval }),
    ...(overdueSince !== undefined && { overdueSince }),
    ...(proof && { proof }),
    ...(held && { snapshots: held.counts.all }),
    ...(held?.newest && {
      sizeBytes: held.newest.sizeBytes,
      files: held.newest.files,
      changedFiles: held.newest.changedFiles,
    }),
  }
}

function reasonOf({ unproven, lastAttempt }: SourceState): Pick<SourceStatus, 'reason'> {
  const reason = unproven?.reason ?? lastAttempt?.reason
  return reason === undefined ? {} : { reason }
}

function stateOf(
  state: SourceState,
  proof: ProofStatus | undefined,
  overdueSince: number | undefined,
): State {
  if (isBackupFailing(state) || proof?.last?.result === 'unreadable') return 'failing'
  if (overdueSince !== undefined) return 'overdue'
  return state.lastAttempt === undefined ? 'waiting' : 'fine'
}

function isBackupFailing({ lastAttempt, unproven, goneSince }: SourceState): boolean {
  if (unproven !== undefined || goneSince !== undefined) return true
  return lastAttempt !== undefined && lastAttempt.outcome !== 'success'
}

/** `server-9` before `server-10`. */
const byName = new Intl.Collator('en', { numeric: true })

/** Within failing and overdue: the oldest success first; the others: stuck, then an overdue proof, then by name. */
function compareWorstFirst(one: SourceStatus, other: SourceStatus): number {
  const byState = states.indexOf(one.state) - states.indexOf(other.state)
  if (byState !== 0) return byState
  const byAge =
    one.state === 'fine' || one.state === 'waiting'
      ? 0
      : (one.lastSuccessAt ?? 0) - (other.lastSuccessAt ?? 0)
  const byStuck = Number(isStuck(other)) - Number(isStuck(one))
  const byProof = Number(hasOverdueProof(other)) - Number(hasOverdueProof(one))
  return byAge || byStuck || byProof || byName.compare(one.name, other.name)
}

function hasOverdueProof({ proof }: SourceStatus): boolean {
  return proof?.overdueSince !== undefined
}

function isStuck({ stuckSince }: SourceStatus): boolean {
  return stuckSince !== undefined
}
