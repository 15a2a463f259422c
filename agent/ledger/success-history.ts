// What a source's successes were like in the last weeks: when they ended, how long they took, what their snapshots held.
// Retention deletes old snapshots, so the ledger remembers this itself. Flat lists of numbers keep 10,000 sources small.

import type { Snapshot } from '../kopia/cli/snapshots.ts'
import type { FinishedAttempt } from '../kopia/runs/finished-attempt.ts'
import {
  bestInForce,
  type DayRecord,
  keptSeconds,
  type Merge,
  type Period,
  recordsUntil,
  withRecords,
} from './day-records.ts'
import { recentOf, unpacked } from './recent-attempts.ts'
import { type SizeRecords, withSizes } from './size-records.ts'
import type { SnapshotSummary } from './snapshot-summary.ts'

/** Times in Unix seconds, durations in seconds, sizes in bytes. */
export type SuccessHistory = {
  /** Ends of successes, oldest first, half an hour apart at least, back to the last one that is older than two weeks. */
  readonly ends: readonly number[]
  /** Pairs, one a day at most, oldest first: the last end, and the longest duration of that day. */
  readonly durations: readonly number[]
  /** Four numbers a day at most, oldest first: the last end, the least bytes, the fewest files, the largest changed share. */
  readonly snapshots: readonly number[]
  /** Undefined in an older ledger. */
  readonly sizes?: SizeRecords
}

const daySeconds = 86_400
const leastGapSeconds = 1800
/** Learning needs the same times one and two weeks before the last success, and half a day on both sides. */
const endsKeptSeconds = 15 * daySeconds

export const emptyHistory: SuccessHistory = { ends: [], durations: [], snapshots: [] }

type Remembering = Parameters<typeof recentOf>[0] & {
  readonly history?: SuccessHistory
  readonly held?: SnapshotSummary
}

/** The history of successes. In an older ledger it begins with the attempts that are remembered for the chart. */
export function historyOf(state: Remembering): SuccessHistory {
  if (state.history !== undefined) return state.history
  return unpacked(recentOf(state))
    .filter(({ outcome }) => outcome === 'success')
    .reduce(withSuccess, emptyHistory)
}

/** The history after an answer. Most answers hold nothing new. */
export function historyAfter(
  state: Remembering,
  { newestId, counts }: SnapshotSummary,
  snapshots: readonly Snapshot[],
  nowSeconds: number,
): SuccessHistory {
  const { held, history } = state
  const isComplete = history?.sizes !== undefined || newestId === undefined
  if (history && isComplete && held && held.newestId === newestId && held.counts.all === counts.all)
    return history
  return withCompleteSnapshots(
    beforeFuture(historyOf(state), nowSeconds),
    snapshots.filter((snapshot) => snapshot.incomplete === undefined && !isOfFuture(snapshot, nowSeconds)),
  )
}

/** What is later than this shows that a clock was wrong; clocks of two machines differ by less. */
const clockDifferenceSeconds = 3600

/** Whether it ended at a time that has not come yet. */
export function isOfFuture({ endedAt }: { readonly endedAt: number }, nowSeconds: number): boolean {
  return endedAt > nowSeconds + clockDifferenceSeconds
}

/** The history without what a wrong clock has left in it. */
export function beforeFuture(history: SuccessHistory, nowSeconds: number): SuccessHistory {
  const isPast = (end: number) => !isOfFuture({ endedAt: end }, nowSeconds)
  return {
    ends: history.ends.filter(isPast),
    durations: recordsUntil(history.durations, 2, isPast),
    snapshots: recordsUntil(history.snapshots, 4, isPast),
    ...(history.sizes && { sizes: recordsUntil(history.sizes, 2, isPast) }),
  }
}

/** Adds a success that ended at `endedAt`. */
export function withSuccess(
  history: SuccessHistory,
  { endedAt, durationSeconds }: Pick<FinishedAttempt, 'endedAt' | 'durationSeconds'>,
): SuccessHistory {
  const end = Math.round(endedAt)
  return {
    ...history,
    ends: withEnds(history.ends, [end]),
    durations: withRecords(history.durations, [[end, Math.ceil(durationSeconds)]], longestOf),
  }
}

/** Adds complete snapshots, oldest first. One that lacks files has figures, but is no success. */
export function withCompleteSnapshots(
  history: SuccessHistory,
  complete: readonly Snapshot[],
): SuccessHistory {
  const newest = complete.at(-1)
  if (newest === undefined) return history
  const recent = complete.slice(firstNeeded(complete, newest.endedAt - keptSeconds))
  const good = recent.filter(({ fatalErrors }) => fatalErrors === 0)
  return {
    ends: withEnds(
      history.ends,
      good.map(({ endedAt }) => Math.round(endedAt)),
    ),
    durations: withRecords(history.durations, good.map(durationRecord), longestOf),
    snapshots: withRecords(history.snapshots, recent.map(figuresRecord), leastOf),
    sizes: withSizes(history.sizes, recent),
  }
}

/** The longest success that was the last one at some time since `since` (Unix seconds); undefined without one. */
export function longestSuccessSince({ durations }: SuccessHistory, since: number): number | undefined {
  return bestInForce(durations, { width: 2, index: 1 }, { from: since, until: Infinity }, Math.max)
}

/** The longest durations of days since then, longest first, without the first day that is remembered. */
export function repeatedDurationsSince({ durations }: SuccessHistory, since: number): readonly number[] {
  const found: number[] = []
  for (let at = 2; at < durations.length; at += 2) {
    const [seconds = 0, nextEnd = Infinity] = [durations[at + 1], durations[at + 2]]
    if (nextEnd > since) found.push(seconds)
  }
  return found.sort((one, other) => other - one)
}

/** The least size of the snapshots that were the newest at some time of the period; undefined without one. */
export function leastBytesIn({ snapshots }: SuccessHistory, period: Period): number | undefined {
  return bestInForce(snapshots, { width: 4, index: 1 }, period, Math.min)
}

/** Likewise the fewest files. */
export function fewestFilesIn({ snapshots }: SuccessHistory, period: Period): number | undefined {
  return bestInForce(snapshots, { width: 4, index: 2 }, period, Math.min)
}

/** Likewise the largest share of files that had changed, new ones included. */
export function largestChangedShareIn({ snapshots }: SuccessHistory, period: Period): number | undefined {
  return bestInForce(snapshots, { width: 4, index: 3 }, period, Math.max)
}

/** When the oldest snapshot was made that is remembered; undefined without one. */
export function oldestFigureAt({ snapshots }: SuccessHistory): number | undefined {
  return snapshots[0]
}

const longestOf: Merge = (one, other) => Math.max(one, other)
/** The changed share is the third figure, and its largest value counts. */
const leastOf: Merge = (one, other, index) => (index === 2 ? Math.max(one, other) : Math.min(one, other))

function durationRecord({ startedAt, endedAt }: Snapshot): DayRecord {
  return [Math.round(endedAt), Math.ceil(Math.max(0, endedAt - startedAt))]
}

function figuresRecord({ endedAt, sizeBytes, files, changedFiles }: Snapshot): DayRecord {
  const share = files === 0 ? 0 : Math.round((changedFiles / files) * 1000) / 1000
  return [Math.round(endedAt), sizeBytes, files, share]
}

function withEnds(known: readonly number[], more: readonly number[]): readonly number[] {
  const sorted = [...new Set([...known, ...more])].sort((one, other) => one - other)
  const apart: number[] = []
  for (const end of sorted) {
    const last = apart.at(-1)
    if (last === undefined || end - last >= leastGapSeconds) apart.push(end)
  }
  const newest = sorted.at(-1) ?? 0
  const first = apart.findLastIndex((end) => end <= newest - endsKeptSeconds)
  return apart.slice(Math.max(0, first))
}

function firstNeeded(snapshots: readonly Snapshot[], since: number): number {
  return Math.max(
    0,
    snapshots.findLastIndex(({ endedAt }) => endedAt <= since),
  )
}
