// What is remembered of a run: how far its log was read, and what came of it.

import { isNearItsEnd, noEvidence, type RunEvidence } from './evidence.ts'
import type { ProcessIdentity } from './process.ts'

/** What a hook told: times in Unix seconds; `callId` is shared by the before and after call of one attempt. */
export type HookCall = {
  readonly action: 'before' | 'after'
  /** A hook that runs an action of the user's own tells of its begin and of its end. */
  readonly phase: 'call' | 'begin' | 'end'
  /** Of the user's own action, at its end. */
  readonly actionExitCode?: number
  readonly callId: string
  readonly path: string
  readonly processId: number
  readonly at: number
}

/** Unix seconds. */
export type Span = { readonly startedAt: number; readonly endedAt: number }

export type OpenRun = {
  readonly state: 'open'
  readonly processId: number
  readonly command: string
  /** Once seen alive, a process that is gone has ended. Never seen, it may live where we can't see it. */
  readonly process?: ProcessIdentity
  /** Bytes read of each segment, by file name; whole records only. */
  readonly readBytes: Readonly<Record<string, number>>
  readonly evidence: RunEvidence
  /** The evidence with the last record, which may not be whole yet: for what is shown, not for what is counted. */
  readonly preview: RunEvidence
  readonly hookCalls: readonly HookCall[]
  /** The newest attempt of each path that is counted while the run goes on. */
  readonly lastSettled?: Readonly<Record<string, Span>>
  /** Unix seconds of the last sign of life: a write to the log, a call of a hook. */
  readonly lastSignAt: number
}

/** Over, but the repository has not been asked yet how it went. */
export type EndedRun = Omit<OpenRun, 'state'> & { readonly state: 'ended'; readonly endedAt: number }

/** Counted. Kept while its log lies there, so that it is not counted again. Times in Unix seconds. */
export type SettledRun = {
  readonly state: 'settled'
  readonly processId: number
  readonly wasSeenAlive: boolean
  readonly startedAt: number
  readonly endedAt: number
}

export type Run = OpenRun | EndedRun | SettledRun
export type Runs = ReadonlyMap<string, Run>

/** How long a process that was never seen must be silent to count as gone: with and without a known outcome. */
export const silenceNearEndSeconds = 1
const silenceSeconds = 60

/** Whether a run whose process is not to be seen has ended, after `silentSeconds` without a sign of life. */
export function hasEnded(run: OpenRun, silentSeconds: number): boolean {
  if (run.process !== undefined || run.preview.finalError !== undefined) return true
  return silentSeconds >= (isNearItsEnd(run.preview) ? silenceNearEndSeconds : silenceSeconds)
}

/**
 * The run as it ends at `nowSeconds`: then its process was found gone. One that was never seen ended soon after its last
 * sign of life; the last thing it does, saving a snapshot, may leave none.
 */
export function asEnded(run: OpenRun, nowSeconds: number): EndedRun {
  const soonAfter = Math.min(nowSeconds, run.lastSignAt + silenceNearEndSeconds)
  return { ...run, state: 'ended', endedAt: run.process === undefined ? soonAfter : nowSeconds }
}

/** A run of which nothing was read yet. */
export function newRun(processId: number, command: string): OpenRun {
  return {
    state: 'open',
    processId,
    command,
    readBytes: {},
    evidence: noEvidence,
    preview: noEvidence,
    hookCalls: [],
    lastSignAt: 0,
  }
}

/** Whether its process was found, alive and writing its log. */
export function wasSeenAlive(run: Run): boolean {
  return run.state === 'settled' ? run.wasSeenAlive : run.process !== undefined
}

/** Unix seconds of its first attempt. */
export function startOf(run: EndedRun | SettledRun): number {
  if (run.state === 'settled') return run.startedAt
  const starts = [
    ...run.evidence.attempts.map((attempt) => attempt.startedAt),
    ...run.hookCalls.map((call) => call.at),
  ]
  return Math.min(run.endedAt, ...starts)
}

/**
 * Whether the run came to its own end without an error. A killed one leaves the repository open, which only a
 * log of level debug shows: there both ends of it are written.
 */
export function hasSucceeded(run: EndedRun): boolean {
  return run.evidence.finalError === undefined && run.evidence.repository !== 'opened'
}
