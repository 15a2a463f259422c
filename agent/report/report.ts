// Collects what the report says: the status of each source as it is decided there, and what its attempts were in a period. Pure.

import { type KnownAttempts, knownAttempts } from '../ledger/attempt-log.ts'
import type { Period } from '../ledger/day-records.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { sizeAt } from '../ledger/size-records.ts'
import type { SourceState } from '../ledger/source-state.ts'
import { problemCount, type SourceStatus, type Status } from '../status/status.ts'
import { type AlarmingChange, alarmingChangeOf } from './alarming-change.ts'
import { type Concern, concernsOf } from './concerns.ts'
import type { Doubt } from './doubts.ts'

/** What is said of one source. Times in Unix seconds, sizes in bytes. */
export type SourceReport = {
  readonly status: SourceStatus
  /** By the status: failing, overdue, its proof is overdue, or its running attempt is stuck. Also what is alarming. */
  readonly needsAttention: boolean
  readonly alarmingChange?: AlarmingChange
  /** Files that the last attempt could not read and left out, though it succeeded: its policy ignores such errors. */
  readonly unreadFiles: number
  /** Attempts that ended in the period, as far as they are known. */
  readonly attempts: { readonly success: number; readonly failed: number; readonly incomplete: number }
  /** Since when attempts are known; undefined if they are for the whole period. */
  readonly knownSince?: number
  /** Some attempts of the period made no complete backup, and a success followed the last of them. */
  readonly hasRecovered: boolean
  /** By how much the newest snapshot is larger than the last one of the day before the period, or than the first that is known. */
  readonly growth?: { readonly bytes: number; readonly since: number }
  /** A verification proved in the period that it can be read back, and none since then found the opposite. */
  readonly wasProved: boolean
}

/**
 * `unknown`: something speaks against what is known, so that nothing is called good. `attention`: the status has a problem, a change is
 * alarming, or something else concerns. `new`: no problem, but a source without a backup. `good`: each source has its backup, and nothing is overdue.
 */
export type Verdict = 'unknown' | 'attention' | 'new' | 'good'

export type Report = {
  readonly period: Period
  /** The machine. */
  readonly instance: string
  readonly status: Status
  readonly verdict: Verdict
  /** Why the report cannot be trusted. */
  readonly doubts: readonly Doubt[]
  readonly concerns: readonly Concern[]
  /** Worst first, as in the status. */
  readonly sources: readonly SourceReport[]
  /** When all that had happened was last in the ledger; undefined without a ledger. */
  readonly asOf?: number
  /** Since when attempts of all sources are known, if not for the whole period. */
  readonly knownSince?: number
}

type ReportFacts = {
  readonly ledger: Ledger
  readonly status: Status
  readonly doubts: readonly Doubt[]
  readonly asOf: number | undefined
  readonly instance: string
  readonly sinceSeconds: number
}

/** The report at the time of the status, about the `sinceSeconds` before it. */
export function reportOf(facts: ReportFacts): Report {
  const { ledger, status, doubts, asOf, instance, sinceSeconds } = facts
  const period = { from: status.at - sinceSeconds, until: status.at }
  const sources = status.sources.map((source) => sourceReportOf(source, ledger, period))
  const concerns = concernsOf(ledger, status.sources, status.at)
  const begunAt = beginOf(ledger, undefined, period)
  return {
    period,
    instance,
    status,
    doubts,
    concerns,
    sources,
    verdict: verdictOf({ status, doubts, concerns, sources }),
    ...(asOf !== undefined && { asOf }),
    ...(begunAt > period.from && { knownSince: begunAt }),
  }
}

function verdictOf(report: Pick<Report, 'status' | 'doubts' | 'concerns' | 'sources'>): Verdict {
  const { status, doubts, concerns, sources } = report
  if (doubts.length > 0) return 'unknown'
  if (problemCount(status) + concerns.length > 0 || sources.some((source) => source.needsAttention))
    return 'attention'
  return status.counts.waiting > 0 ? 'new' : 'good'
}

/** Whether the status has a problem with the source. */
function hasProblem({ state, proof, stuckSince }: SourceStatus): boolean {
  if (state === 'failing' || state === 'overdue') return true
  return proof?.overdueSince !== undefined || stuckSince !== undefined
}

function sourceReportOf(status: SourceStatus, ledger: Ledger, period: Period): SourceReport {
  const state = ledger.sources.get(status.name)
  const known = state === undefined ? { completeAfter: 0, attempts: [] } : knownAttempts(state)
  const begin = beginOf(ledger, state, period, known)
  const growth = state && growthOf(state, status, period)
  const alarmingChange = state && alarmingChangeOf(state, period.from, period.until)
  return {
    status,
    needsAttention: hasProblem(status) || alarmingChange !== undefined,
    ...(alarmingChange && { alarmingChange }),
    unreadFiles: status.lastAttempt?.outcome === 'success' ? status.lastAttempt.errors.ignored : 0,
    ...attemptsIn(known, { from: begin, until: period.until }, status),
    ...(begin > period.from && { knownSince: begin }),
    ...(growth && { growth }),
    wasProved: isIn(status.proof?.provedAt, period) && status.proof?.last?.result !== 'unreadable',
  }
}

/** The begin of the period, or when attempts begin to be known. After a clock that was set back that is never later than now. */
function beginOf(
  ledger: Ledger,
  state: SourceState | undefined,
  { from, until }: Period,
  known: Pick<KnownAttempts, 'completeAfter'> = { completeAfter: 0 },
): number {
  const agentBegan = ledger.begunAt() ?? state?.firstSeenAt ?? from
  return Math.min(until, Math.max(from, agentBegan, known.completeAfter))
}

function attemptsIn(
  { attempts }: KnownAttempts,
  period: Period,
  { state }: SourceStatus,
): Pick<SourceReport, 'attempts' | 'hasRecovered'> {
  // Their ends are rounded to seconds.
  const seconds = { from: Math.floor(period.from), until: Math.ceil(period.until) }
  const inPeriod = attempts.filter(({ endedAt }) => isIn(endedAt, seconds))
  const count = (outcome: 'success' | 'failed' | 'incomplete') =>
    inPeriod.filter((attempt) => attempt.outcome === outcome).length
  const [success, failed, incomplete] = [count('success'), count('failed'), count('incomplete')]
  const endsWithSuccess = inPeriod.at(-1)?.outcome === 'success'
  return {
    attempts: { success, failed, incomplete },
    hasRecovered: failed + incomplete > 0 && endsWithSuccess && state !== 'failing',
  }
}

/** Undefined where nothing older than the newest snapshot is known. */
function growthOf(
  { history }: SourceState,
  { sizeBytes }: SourceStatus,
  { from }: Period,
): SourceReport['growth'] {
  const sizes = history?.sizes ?? []
  const before = sizeAt(sizes, from)
  if (before === undefined || sizeBytes === undefined) return undefined
  const isOnly = before.since > from && before.since === sizes.at(-2)
  return isOnly ? undefined : { bytes: sizeBytes - before.bytes, since: before.since }
}

function isIn(time: number | undefined, { from, until }: Period): boolean {
  return time !== undefined && time >= from && time <= until
}
