// What the agent remembers of a run: how far its log was read, and what the log and the hooks proved.

import { isNearItsEnd, nearEndLoggedAt, noEvidence, type RunEvidence } from './evidence.ts'
import type { ProcessIdentity } from './process.ts'

/** What a hook reported. Times are Unix seconds. The before and after call of one attempt share the `callId`. */
export type HookCall = {
  readonly action: 'before' | 'after'
  /** A hook that runs an action of the user reports its begin and its end; any other hook reports one call. */
  readonly phase: 'call' | 'begin' | 'end'
  /** Exit code of the user's action, reported at its end; 137 if Kopia killed it at its time limit. */
  readonly actionExitCode?: number
  /** Kopia fails the backup if the user's action fails, and then runs no after-action. Absent where this is not known. */
  readonly actionIsEssential?: true
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
  /** Set once the process was seen. A process that was never seen may live in another pid namespace. */
  readonly process?: ProcessIdentity
  /** Bytes read of each segment, by file name; complete records only. */
  readonly readBytes: Readonly<Record<string, number>>
  readonly evidence: RunEvidence
  /** The evidence and the last record, which may be incomplete: to show, never to count. */
  readonly preview: RunEvidence
  readonly hookCalls: readonly HookCall[]
  /** The newest settled attempt of each path. */
  readonly lastSettled?: Readonly<Record<string, Span>>
  /** When the process last wrote to its log or called a hook. Unix seconds, never later than now. */
  readonly lastSignAt: number
}

/** The process has ended. The outcome of its attempts is not settled yet. */
export type EndedRun = Omit<OpenRun, 'state'> & { readonly state: 'ended'; readonly endedAt: number }

/** The run is counted. It is remembered while its log exists, so that it is not counted again. Times are Unix seconds. */
export type SettledRun = {
  readonly state: 'settled'
  readonly processId: number
  readonly wasSeenAlive: boolean
  readonly startedAt: number
  readonly endedAt: number
}

export type Run = OpenRun | EndedRun | SettledRun
export type Runs = ReadonlyMap<string, Run>

/** A process that was never seen counts as gone after this silence, with and without a sign that its end is near. */
const silenceSeconds = { nearEnd: 1, otherwise: 60 } as const

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

/** Notes a sign of life. The clock may have been set back since the sign: a time in the future counts as now. */
export function withSignOfLife(run: OpenRun, signAt: number, nowSeconds: number): OpenRun {
  const lastSignAt = Math.min(Math.max(run.lastSignAt, signAt), nowSeconds)
  return lastSignAt === run.lastSignAt ? run : { ...run, lastSignAt }
}

/** Whether a run has ended whose process is gone or was never seen, after `silentSeconds` without a sign of life. */
export function hasEnded(run: OpenRun, silentSeconds: number): boolean {
  if (run.process !== undefined || run.preview.finalError !== undefined) return true
  return silentSeconds >= (isNearItsEnd(run.preview) ? silenceSeconds.nearEnd : silenceSeconds.otherwise)
}

/** The same where a segment could not be read: its fault may pass, but the run must not stay open for ever. */
export function hasEndedUnread(silentSeconds: number): boolean {
  return silentSeconds >= silenceSeconds.otherwise
}

/** Whether an open run has fallen silent whose process was never seen: it may have ended. */
export function isQuiet(run: Run, nowSeconds: number): run is OpenRun {
  if (run.state !== 'open' || run.process !== undefined) return false
  return nowSeconds - run.lastSignAt >= silenceSeconds.nearEnd
}

/**
 * Whether a run may have ended right before its log was first read, too short a time ago to be sure. A run that writes
 * on for longer than that goes on; waiting for its end would take as long as the backup.
 */
export function mayHaveJustEnded(run: Run, firstReadAt: number, nowSeconds: number): boolean {
  if (run.state !== 'open' || run.process !== undefined) return false
  const wroteOnlyBefore = run.lastSignAt <= firstReadAt + silenceSeconds.nearEnd
  return wroteOnlyBefore && nowSeconds - run.lastSignAt <= silenceSeconds.nearEnd
}

/**
 * Since when the end of the run's process is near, in Unix seconds: since the newest result, final error or close of the
 * repository. Undefined while none is logged. The process may still go on for hours, with maintenance.
 */
export function nearEndSince(run: OpenRun): number | undefined {
  if (!isNearItsEnd(run.preview)) return undefined
  return Math.min(nearEndLoggedAt(run.preview) ?? run.lastSignAt, run.lastSignAt)
}

/**
 * The run as it ended. A process that was seen is found gone at `nowSeconds`. One that was never seen ended soon after
 * its last sign of life: saving the snapshot, the last thing that it does, may leave no sign.
 */
export function asEnded(run: OpenRun, nowSeconds: number): EndedRun {
  const soonAfter = Math.min(nowSeconds, run.lastSignAt + silenceSeconds.nearEnd)
  return { ...run, state: 'ended', endedAt: run.process === undefined ? soonAfter : nowSeconds }
}

/** The run once its outcome is in the ledger. */
export function asSettled(run: EndedRun): SettledRun {
  const { processId, endedAt } = run
  return { state: 'settled', processId, wasSeenAlive: wasSeenAlive(run), startedAt: startOf(run), endedAt }
}

/** Whether the process was seen while it wrote its log. */
export function wasSeenAlive(run: Run): boolean {
  return run.state === 'settled' ? run.wasSeenAlive : run.process !== undefined
}

/** When the first attempt of the run began, in Unix seconds. */
export function startOf(run: EndedRun | SettledRun): number {
  if (run.state === 'settled') return run.startedAt
  const starts = [
    ...run.evidence.attempts.map((attempt) => attempt.startedAt),
    ...run.hookCalls.map((call) => call.at),
  ]
  return Math.min(run.endedAt, ...starts)
}

/**
 * Whether the process ended by itself and without an error. A killed process leaves the repository open. Only a log of
 * level debug shows that, because only such a log has the lines for opening and closing it.
 */
export function hasSucceeded(run: EndedRun): boolean {
  return run.evidence.finalError === undefined && run.evidence.repository !== 'opened'
}
