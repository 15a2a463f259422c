// Makes attempts of the calls of hooks, for what no log reports.

import type { Attempt } from './evidence.ts'
import type { EndedRun, HookCall, OpenRun, Span } from './run.ts'

/** The user and host under which Kopia backs up on this machine. Hooks report only the path of a source. */
export type Identity = { readonly user: string; readonly host: string }

/** A hook runs during its attempt, but the clocks of the file system and of the log can differ a little. */
const slackSeconds = 1

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

/** The attempts in progress that only hooks report. */
export function hookAttemptsUnderWay(run: OpenRun, identity: Identity): readonly Attempt[] {
  const calls = callsOfHooksAlone({ ...run, evidence: run.preview }, Number.POSITIVE_INFINITY)
  const finished = new Set(calls.filter(endsAttempt).map((call) => call.callId))
  return attemptsOfHooks(
    calls.filter((call) => !finished.has(call.callId)),
    identity,
  )
}

/** The calls that belong to no attempt in the log. Without a log (`--disable-file-logging`) these are all calls. */
export function callsOfHooksAlone(run: OpenRun | EndedRun, endedAt: number): readonly HookCall[] {
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

/** Whether a call was made in this time, as far as the clocks agree. */
export function isWithin(call: HookCall, { startedAt, endedAt }: Span): boolean {
  return call.at >= startedAt - slackSeconds && call.at <= endedAt + slackSeconds
}

/** The attempts that these calls report: the before and the after call of each share an id. */
export function attemptsOfHooks(calls: readonly HookCall[], identity: Identity): readonly Attempt[] {
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
