// What the agent remembers of a run: how far its log was read, and what the log and the hooks proved.

import type { Configuration } from './configuration.ts'
import { noEvidence, type RunEvidence } from './evidence.ts'
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
  /** When its process was first looked for in vain, in Unix seconds. */
  readonly unseenAt?: number
  /** By what its process was started with; undefined if that could not be read. */
  readonly configuration?: Configuration
  /** Bytes read of each segment, by file name; complete records only. */
  readonly readBytes: Readonly<Record<string, number>>
  readonly evidence: RunEvidence
  /** The evidence and the last record, which may be incomplete: to show, never to count. */
  readonly preview: RunEvidence
  readonly hookCalls: readonly HookCall[]
  /** The newest settled attempt of each path. */
  readonly lastSettled?: Readonly<Record<string, Span>>
  /** An attempt that is settled already made no complete backup. */
  readonly hasFailedAttempt?: true
  /** When the process last wrote to its log or called a hook. Unix seconds, never later than now. */
  readonly lastSignAt: number
}

/** The process has ended. The outcome of its attempts is not settled yet. */
export type EndedRun = Omit<OpenRun, 'state'> & {
  readonly state: 'ended'
  readonly endedAt: number
  /** Nothing but its silence shows the end: the run may go on where its process can't be seen. */
  readonly isSilent?: true
}

/** The run is counted. It is remembered while its log exists, so that it is not counted again. Times are Unix seconds. */
export type SettledRun = {
  readonly state: 'settled'
  readonly processId: number
  readonly wasSeenAlive: boolean
  readonly startedAt: number
  readonly endedAt: number
  /** Its log does not tell what it backed up, or nobody knows for which repository. */
  readonly isUntold?: true
  /** What is known of a run that silence ended. It is open again when its log grows. */
  readonly reopening?: OpenRun
}

export type Run = OpenRun | EndedRun | SettledRun
export type Runs = ReadonlyMap<string, Run>

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

/** Whether the attempts of a settled run are in the ledger. */
export type Telling = 'told' | 'untold'

/** The run once its outcome is in the ledger. */
export function asSettled(run: EndedRun, telling: Telling): SettledRun {
  const { processId, endedAt, isSilent } = run
  return {
    state: 'settled',
    processId,
    wasSeenAlive: wasSeenAlive(run),
    startedAt: startOf(run),
    endedAt,
    ...(telling === 'untold' && { isUntold: true as const }),
    ...(isSilent && { reopening: asReopening(run) }),
  }
}

/** Its attempts are counted: what they report later corrects the gauges, and no counter. */
function asReopening({ state: _, endedAt, isSilent: __, ...run }: EndedRun): OpenRun {
  const marked = (evidence: RunEvidence): RunEvidence => ({
    ...evidence,
    attempts: evidence.attempts.map((attempt) => ({ ...attempt, wasCounted: true })),
  })
  return {
    ...run,
    state: 'open',
    evidence: marked(run.evidence),
    preview: marked(run.preview),
    ...(run.hookCalls.length > 0 && { hookCalls: [], lastSettled: settledBy(run, endedAt) }),
  }
}

/** The calls of hooks make attempts of their own, which would be counted again. */
function settledBy(
  { hookCalls, lastSettled }: OpenRun | Omit<EndedRun, 'state' | 'endedAt'>,
  endedAt: number,
) {
  const spans = hookCalls.map(({ path, at }) => [path, { startedAt: at, endedAt }] as const)
  // The first call of a path is where its span begins.
  return { ...lastSettled, ...Object.fromEntries(spans.reverse()) }
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
    ...Object.values(run.lastSettled ?? {}).map(({ startedAt }) => startedAt),
  ]
  return Math.min(run.endedAt, ...starts)
}

/**
 * Whether the process ended by itself and without an error, as far as its log shows. A killed process leaves the
 * repository open. Only a log of level debug shows that, because only such a log has the lines for opening and closing it.
 */
export function hasSucceeded({ evidence, hasFailedAttempt }: EndedRun): boolean {
  return evidence.finalError === undefined && evidence.repository !== 'opened' && !hasFailedAttempt
}

/** Whether the run has a log, and nothing is in it: the disk of the logs may be full. */
export function hasEmptyLog({ readBytes }: OpenRun | EndedRun): boolean {
  const sizes = Object.values(readBytes)
  return sizes.length > 0 && sizes.every((bytes) => bytes === 0)
}
