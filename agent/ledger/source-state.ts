// The state of one source, and how a finished attempt or an answer of the repository changes it. Pure functions.

import { newestComplete, type Snapshot } from '../kopia/cli/snapshots.ts'
import type { FinishedAttempt } from '../kopia/runs/finished-attempt.ts'
import type { Outcome } from '../kopia/runs/outcome-kinds.ts'
import type { Source } from '../kopia/source.ts'
import { type AttemptLog, type AttemptNews, withReport } from './attempt-log.ts'
import { intervalBetween, intervalOfSnapshots } from './median-interval.ts'
import type { Proof } from './proof.ts'
import { type RecentAttempts, recentOf, withAttempt, withoutNewest, withPast } from './recent-attempts.ts'
import { knownBefore, pastOf, pastSuccessOf } from './snapshot-history.ts'
import { type SnapshotSummary, summaryAfter } from './snapshot-summary.ts'
import {
  beforeFuture,
  historyAfter,
  historyOf,
  isOfFuture,
  type SuccessHistory,
  withSuccess,
} from './success-history.ts'

/** Times in Unix seconds, sizes in bytes. */
export type SourceState = {
  readonly source: Source
  readonly firstSeenAt: number
  /** Attempts that ended since the agent first ran here. */
  readonly attempts: Readonly<Record<Outcome, number>>
  readonly consecutiveFailures: number
  readonly lastAttempt?: FinishedAttempt
  /** The newest snapshot that was counted from the repository alone, before any log or hook reported it. */
  readonly foundSnapshotId?: string
  readonly lastSuccessAt?: number
  /** Undefined in an older ledger. */
  readonly lastSuccessStartedAt?: number
  readonly lastFailureAt?: number
  readonly held?: SnapshotSummary
  /** An attempt reported a success that nothing has proved for too long. Cleared by the next settled attempt. */
  readonly unproven?: { readonly since: number; readonly reason: string }
  /** Since when the repository holds no snapshot of the source. */
  readonly goneSince?: number
  /** `user@host` under which this machine last backed up the source; undefined if only the repository reports it. */
  readonly backedUpAs?: string
  /** Undefined in a ledger that is older than the chart. */
  readonly recent?: RecentAttempts
  /** Undefined in an older ledger, and before an attempt is counted. */
  readonly attemptLog?: AttemptLog
  /**
   * The median of the last gaps between successes, as of the last one: failures since then change nothing. Undefined in an
   * older ledger, and where too few are known.
   */
  readonly usualIntervalSeconds?: number
  /** Undefined in an older ledger, until the repository answers or a success ends. */
  readonly history?: SuccessHistory
  /** Whether its snapshots can be read back; undefined if that was never tried. */
  readonly proof?: Proof
}

/** The state of a new source, with its counters at 0. */
export function newSource(source: Source, nowSeconds: number): SourceState {
  return {
    source,
    firstSeenAt: nowSeconds,
    attempts: { success: 0, failed: 0, incomplete: 0 },
    consecutiveFailures: 0,
  }
}

/** Adds a finished attempt; `counting` says whether it ended after the agent first ran here. */
export function withFinished(
  { unproven: _, ...state }: SourceState,
  finished: FinishedAttempt,
  counting: 'counted' | 'not counted',
  nowSeconds: number,
): SourceState {
  const isNew = counting === 'counted' && !isKnown(state, finished)
  const attempts = isNew ? countedIn(state.attempts, finished.outcome) : state.attempts
  const changes = isOutdated(state, finished, nowSeconds) ? {} : changesBy(state, finished)
  const isAgain = isLast(state, finished)
  const recent = withAttempt(isAgain ? withoutNewest(recentOf(state)) : recentOf(state), finished)
  const news: AttemptNews = isNew ? 'new' : isAgain ? 'of the last attempt' : 'known'
  const attemptLog = withReport(state, finished, news, nowSeconds)
  const after = { ...state, ...changes, attempts, recent, ...(attemptLog && { attemptLog }) }
  if (finished.outcome !== 'success') return after
  const history = withSuccess(beforeFuture(historyOf(state), nowSeconds), finished)
  const usual = intervalBetween(recent) ?? state.usualIntervalSeconds
  return { ...after, history, ...usualInterval(usual) }
}

/** Adds what the repository has of the source. The `unknown` snapshots become attempts of their own. */
export function withSnapshots(
  { goneSince, ...state }: SourceState,
  snapshots: readonly Snapshot[],
  nowSeconds: number,
  unknown: readonly Snapshot[] = [],
): SourceState {
  const known = snapshots.filter((snapshot) => !unknown.includes(snapshot))
  const passed = known.filter((snapshot) => !isOfFuture(snapshot, nowSeconds))
  const past = state.lastAttempt === undefined ? pastOf(passed) : pastSuccessOf(state, passed)
  const recent = withPast(recentOf(state), knownBefore(state, known))
  const isGone = state.lastSuccessAt !== undefined && newestComplete(snapshots) === undefined
  const held = summaryAfter(state.held, snapshots)
  return {
    ...state,
    ...past,
    held,
    recent,
    history: historyAfter(state, held, snapshots, nowSeconds),
    ...usualInterval(usualIntervalOf({ ...state, recent }) ?? intervalOfSnapshots(snapshots)),
    ...(isGone && { goneSince: goneSince ?? nowSeconds }),
  }
}

/** Whether the last attempt made a complete backup, and nothing known since speaks against it. */
export function isBackedUp({ lastAttempt, unproven, goneSince }: SourceState): boolean {
  return lastAttempt?.outcome === 'success' && unproven === undefined && goneSince === undefined
}

/** The usual interval between successes; undefined where too few are known. */
export function usualIntervalOf(state: SourceState): number | undefined {
  const { usualIntervalSeconds, held } = state
  return usualIntervalSeconds ?? held?.usualIntervalSeconds ?? intervalBetween(recentOf(state))
}

/**
 * Whether a newer attempt is known already: of two runs at a time, the older can settle last. An attempt of the future shows
 * that the clock was set back, and does not count.
 */
function isOutdated({ lastAttempt }: SourceState, { endedAt }: FinishedAttempt, nowSeconds: number): boolean {
  return lastAttempt !== undefined && endedAt < lastAttempt.endedAt && lastAttempt.endedAt <= nowSeconds
}

/** The fields that the newest attempt of a source changes. */
function changesBy(state: SourceState, finished: FinishedAttempt): Partial<SourceState> {
  const { outcome, startedAt, endedAt } = finished
  const failures = isKnown(state, finished) ? state.consecutiveFailures : state.consecutiveFailures + 1
  return {
    lastAttempt: finished,
    ...(outcome === 'success'
      ? { lastSuccessAt: endedAt, lastSuccessStartedAt: startedAt, consecutiveFailures: 0 }
      : { lastFailureAt: endedAt, consecutiveFailures: failures }),
  }
}

function countedIn(attempts: SourceState['attempts'], outcome: Outcome): SourceState['attempts'] {
  return { ...attempts, [outcome]: attempts[outcome] + 1 }
}

/**
 * Whether the attempt was counted already: from its snapshot in the repository, and its log or hooks report it in more
 * detail; or since its run fell silent.
 */
function isKnown({ foundSnapshotId }: SourceState, { snapshotId, wasCounted }: FinishedAttempt): boolean {
  return wasCounted === true || (snapshotId !== undefined && snapshotId === foundSnapshotId)
}

/** Whether a known attempt is the last one of the source, so that this report replaces it. */
function isLast(state: SourceState, finished: FinishedAttempt): boolean {
  const { lastAttempt } = state
  if (lastAttempt === undefined || !isKnown(state, finished)) return false
  if (finished.wasCounted === true && lastAttempt.startedAt === finished.startedAt) return true
  return finished.snapshotId !== undefined && lastAttempt.snapshotId === finished.snapshotId
}

function usualInterval(seconds: number | undefined): Pick<SourceState, 'usualIntervalSeconds'> {
  return seconds === undefined ? {} : { usualIntervalSeconds: seconds }
}
