// The attempts of a run that have ended, from its log and from its hooks, and how each went.

import { formatSource } from '../source.ts'
import { type Attempt, openAttempts, type RunEvidence } from './evidence.ts'
import { decideOutcome, type FinishedAttempt, type RepositoryAnswer } from './outcome.ts'
import type { EndedRun, HookCall, OpenRun, Span } from './run.ts'

/** Who Kopia is on this machine: hooks tell only the path of a source. */
export type Identity = { readonly user: string; readonly host: string }

/** A hook runs while its attempt does; clocks of file system and log may differ by a moment. */
const slackSeconds = 1

/** Undefined while the outcome of an attempt can't be known: then the run is settled later, as a whole. */
export function settleRun(
  run: EndedRun,
  answer: RepositoryAnswer,
  identity: Identity | undefined,
): readonly FinishedAttempt[] | undefined {
  if (identity === undefined && callsOfHooksAlone(run, run.endedAt).length > 0) return undefined
  const finished = attemptsOf(run, identity).map((attempt) =>
    decideOutcome(attempt, run.evidence, endOf(attempt, run), answer),
  )
  return finished.every((verdict) => verdict !== undefined) ? finished : undefined
}

/** All attempts of a run that are not settled yet, by its log and by its hooks. */
export function attemptsOf(run: OpenRun | EndedRun, identity: Identity | undefined): readonly Attempt[] {
  const evidence = run.state === 'ended' ? run.evidence : run.preview
  if (identity === undefined) return evidence.attempts
  const endedAt = run.state === 'ended' ? run.endedAt : Number.POSITIVE_INFINITY
  return [
    ...evidence.attempts,
    ...attemptsOfHooks(callsOfHooksAlone({ ...run, evidence }, endedAt), identity),
  ]
}

/** The attempts of a living server that it is through with. */
export function finishedAttempts(run: OpenRun): readonly Attempt[] {
  return run.evidence.attempts.filter((attempt) => attempt.finishedAt !== undefined)
}

/**
 * Attempts of a living process of which its hooks alone tell, and whose end they tell: the after-action ran
 * `graceSeconds` ago, or a server has reported an error since. The snapshot is saved right after the after-action.
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
    const after = calls.findLast((call) => endsAttempt(call) && isOf(call, attempt))
    const failedAt =
      serverError !== undefined && serverError.at >= attempt.startedAt ? serverError.at : undefined
    const finishedAt = after?.at ?? failedAt
    const isOver = finishedAt !== undefined && nowSeconds - finishedAt >= graceSeconds
    return isOver ? [{ ...attempt, finishedAt }] : []
  })
}

/** The run without an attempt that is settled, and without the calls of hooks that told of the same. */
export function withoutAttempt(run: OpenRun, settled: Attempt): OpenRun {
  const without = (evidence: RunEvidence): RunEvidence => ({
    ...evidence,
    attempts: evidence.attempts.filter((attempt) => keyOf(attempt) !== keyOf(settled)),
  })
  const span = { startedAt: settled.startedAt, endedAt: settled.finishedAt ?? settled.startedAt }
  const lastSettled = { ...run.lastSettled, [settled.source.path]: span }
  const next = { ...run, lastSettled, evidence: without(run.evidence), preview: without(run.preview) }
  return { ...next, hookCalls: run.hookCalls.filter((call) => !isOfSettled(next, call)) }
}

/** Whether a call tells, late, of an attempt of the run that is counted already. */
export function isOfSettled(run: OpenRun, call: HookCall): boolean {
  const span = run.lastSettled?.[call.path]
  return span !== undefined && isWithin(call, span)
}

/** What is under way in a run, by its log and by its hooks. */
export function attemptsUnderWay(run: OpenRun, identity: Identity | undefined): readonly Attempt[] {
  const inLog = openAttempts(run.preview)
  if (identity === undefined) return inLog
  const calls = callsOfHooksAlone({ ...run, evidence: run.preview }, Number.POSITIVE_INFINITY)
  const over = new Set(calls.filter(endsAttempt).map((call) => call.callId))
  return [
    ...inLog,
    ...attemptsOfHooks(
      calls.filter((call) => !over.has(call.callId)),
      identity,
    ),
  ]
}

/** An attempt that left no word ended, at the latest, when the next one of its run began. */
function endOf(attempt: Attempt, run: EndedRun): number {
  if (attempt.origin !== 'command') return attempt.finishedAt ?? run.endedAt
  const next = run.evidence.attempts[run.evidence.attempts.indexOf(attempt) + 1]
  return next?.startedAt ?? run.endedAt
}

/** Calls that no attempt of the log accounts for: without a log (`--disable-file-logging`) all of them. */
function callsOfHooksAlone(run: OpenRun | EndedRun, endedAt: number): readonly HookCall[] {
  return run.hookCalls.filter(
    (call) =>
      !run.evidence.attempts.some((attempt) =>
        isDuring(call, attempt, attempt.finishedAt ?? attempt.reportedAt ?? endedAt),
      ),
  )
}

/** Kopia saves the snapshot once the after-action, and whatever it runs, is over. */
function endsAttempt(call: HookCall): boolean {
  return call.action === 'after' && call.phase !== 'begin'
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
    return [{ source, origin: 'hook', startedAt, hasRunAfterAction: ofAttempt.some(endsAttempt) }]
  })
}

function isOf(call: HookCall, attempt: Attempt): boolean {
  return call.path === attempt.source.path && call.at >= attempt.startedAt
}

/** Tells the attempts of one run apart. */
export function keyOf(attempt: Attempt): string {
  return `${attempt.startedAt} ${formatSource(attempt.source)}`
}
