// Finds the attempts of a run in its log and in the calls of its hooks, and settles those that have ended.

import { formatSource } from '../source.ts'
import { type Attempt, type RunEvidence, unfinishedAttempts } from './evidence.ts'
import type { FinishedAttempt, RepositoryAnswer } from './finished-attempt.ts'
import { decideOutcome } from './outcome.ts'
import type { Outcome } from './outcome-kinds.ts'
import type { EndedRun, HookCall, OpenRun, Span } from './run.ts'

/** The user and host under which Kopia backs up on this machine. Hooks report only the path of a source. */
export type Identity = { readonly user: string; readonly host: string }

/** A hook runs during its attempt, but the clocks of the file system and of the log can differ a little. */
const slackSeconds = 1

/** The outcomes of all attempts of a run; undefined while one of them cannot be known. The run then waits as a whole. */
export function settleRun(
  run: EndedRun,
  answer: RepositoryAnswer,
  identity: Identity | undefined,
): readonly FinishedAttempt[] | undefined {
  if (identity === undefined && callsOfHooksAlone(run, run.endedAt).length > 0) return undefined
  const finished = attemptsOf(run, identity).map((attempt) =>
    decideOutcome(attempt, run.evidence, endOf(attempt, run), answer, run.isSilent ? 'silent' : 'certain'),
  )
  return finished.every((attempt) => attempt !== undefined) ? finished : undefined
}

/** All unsettled attempts of a run. */
export function attemptsOf(run: OpenRun | EndedRun, identity: Identity | undefined): readonly Attempt[] {
  const evidence = run.state === 'ended' ? run.evidence : run.preview
  if (identity === undefined) return evidence.attempts
  const endedAt = run.state === 'ended' ? run.endedAt : Number.POSITIVE_INFINITY
  return [
    ...evidence.attempts,
    ...attemptsOfHooks(callsOfHooksAlone({ ...run, evidence }, endedAt), identity),
  ]
}

/**
 * The attempts of a running process whose snapshots are in the repository, if all went well: those that a server has
 * finished, and all of a command that has flushed. It can go on with maintenance for hours.
 */
export function finishedAttempts({ evidence }: OpenRun): readonly Attempt[] {
  const { attempts, flushedAt } = evidence
  return attempts.flatMap((attempt) => {
    if (attempt.finishedAt !== undefined) return [attempt]
    if (attempt.origin !== 'command' || flushedAt === undefined) return []
    return [{ ...attempt, finishedAt: attempt.reportedAt ?? flushedAt }]
  })
}

/**
 * The finished attempts of a running process that only its hooks report. The after-action ran at least `graceSeconds`
 * ago, or a server has logged an error since the attempt began. Kopia saves the snapshot right after the after-action.
 */
export function finishedHookAttempts(
  run: OpenRun,
  identity: Identity,
  nowSeconds: number,
  graceSeconds: number,
): readonly Attempt[] {
  const calls = callsOfHooksAlone({ ...run, evidence: run.preview }, nowSeconds)
  const { serverError } = run.preview
  return attemptsOfHooks(calls, identity).flatMap((attempt) => {
    const end = calls.findLast((call) => endsAttempt(call) && isOf(call, attempt))
    const failedAt =
      serverError !== undefined && serverError.at >= attempt.startedAt ? serverError.at : undefined
    const finishedAt = end?.at ?? failedAt
    const isOver = finishedAt !== undefined && nowSeconds - finishedAt >= graceSeconds
    return isOver ? [{ ...attempt, finishedAt }] : []
  })
}

/** The run without a settled attempt, which had this outcome, and without the hooks' calls that belong to this attempt. */
export function withoutAttempt(run: OpenRun, settled: Attempt, outcome: Outcome): OpenRun {
  const without = (evidence: RunEvidence): RunEvidence => ({
    ...evidence,
    attempts: evidence.attempts.filter((attempt) => keyOf(attempt) !== keyOf(settled)),
  })
  const span = { startedAt: settled.startedAt, endedAt: settled.finishedAt ?? settled.startedAt }
  const lastSettled = { ...run.lastSettled, [settled.source.path]: span }
  const next = {
    ...run,
    lastSettled,
    evidence: without(run.evidence),
    preview: without(run.preview),
    ...(outcome !== 'success' && { hasFailedAttempt: true as const }),
  }
  return { ...next, hookCalls: run.hookCalls.filter((call) => !isOfSettled(next, call)) }
}

/** Whether a call comes late: it belongs to an attempt of the run that is counted already. */
export function isOfSettled(run: OpenRun, call: HookCall): boolean {
  const span = run.lastSettled?.[call.path]
  return span !== undefined && isWithin(call, span)
}

/** The attempts of a run that are in progress. */
export function attemptsUnderWay(run: OpenRun, identity: Identity | undefined): readonly Attempt[] {
  const inLog = unfinishedAttempts(run.preview)
  if (identity === undefined) return inLog
  const calls = callsOfHooksAlone({ ...run, evidence: run.preview }, Number.POSITIVE_INFINITY)
  const finished = new Set(calls.filter(endsAttempt).map((call) => call.callId))
  const unfinished = calls.filter((call) => !finished.has(call.callId))
  return [...inLog, ...attemptsOfHooks(unfinished, identity)]
}

/** An attempt of a command without a reported end ended at the latest when the next attempt of its run began. */
function endOf(attempt: Attempt, run: EndedRun): number {
  if (attempt.origin !== 'command') return attempt.finishedAt ?? run.endedAt
  const next = run.evidence.attempts[run.evidence.attempts.indexOf(attempt) + 1]
  return next?.startedAt ?? run.endedAt
}

/** The calls that belong to no attempt in the log. Without a log (`--disable-file-logging`) these are all calls. */
function callsOfHooksAlone(run: OpenRun | EndedRun, endedAt: number): readonly HookCall[] {
  return run.hookCalls.filter(
    (call) =>
      !run.evidence.attempts.some((attempt) =>
        isDuring(call, attempt, attempt.finishedAt ?? attempt.reportedAt ?? endedAt),
      ),
  )
}

/** Whether a call shows that Kopia is through with the source. */
function endsAttempt(call: HookCall): boolean {
  return isEndOfAfterAction(call) || hasFailedBackup(call)
}

/** Kopia saves the snapshot after the after-action has ended. */
function isEndOfAfterAction({ action, phase }: HookCall): boolean {
  return action === 'after' && phase !== 'begin'
}

/** An essential before-action that fails makes Kopia fail the backup, and no after-action follows. */
function hasFailedBackup({ action, phase, actionIsEssential, actionExitCode = 0 }: HookCall): boolean {
  return action === 'before' && phase === 'end' && actionIsEssential === true && actionExitCode !== 0
}

function isDuring(call: HookCall, attempt: Attempt, endedAt: number): boolean {
  return attempt.source.path === call.path && isWithin(call, { startedAt: attempt.startedAt, endedAt })
}

function isWithin(call: HookCall, { startedAt, endedAt }: Span): boolean {
  return call.at >= startedAt - slackSeconds && call.at <= endedAt + slackSeconds
}

function attemptsOfHooks(calls: readonly HookCall[], identity: Identity): readonly Attempt[] {
  const byAttempt = Map.groupBy(calls, (call) => call.callId)
  return [...byAttempt.values()].flatMap((ofAttempt) => {
    const [first] = ofAttempt
    if (first === undefined) return []
    const startedAt = Math.min(...ofAttempt.map((call) => call.at))
    const source = { user: identity.user, host: identity.host, path: first.path }
    const failed = ofAttempt.find(hasFailedBackup)
    return [
      {
        source,
        origin: 'hook',
        startedAt,
        hasRunAfterAction: ofAttempt.some(isEndOfAfterAction),
        ...(failed && { failedAction: { action: failed.action, exitCode: failed.actionExitCode ?? 0 } }),
      },
    ]
  })
}

function isOf(call: HookCall, attempt: Attempt): boolean {
  return call.path === attempt.source.path && call.at >= attempt.startedAt
}

/** Identifies an attempt within its run. */
export function keyOf(attempt: Attempt): string {
  return `${attempt.startedAt} ${formatSource(attempt.source)}`
}
