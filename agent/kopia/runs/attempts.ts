// Finds the attempts of a run in its log and in the calls of its hooks, and settles those that have ended.

import { formatSource } from '../source.ts'
import { type Attempt, type RunEvidence, unfinishedAttempts } from './evidence.ts'
import type { FinishedAttempt, RepositoryAnswer } from './finished-attempt.ts'
import {
  attemptsOfHooks,
  callsOfHooksAlone,
  hookAttemptsUnderWay,
  type Identity,
  isWithin,
} from './hook-attempts.ts'
import { decideOutcome } from './outcome.ts'
import type { EndedRun, HookCall, OpenRun } from './run.ts'
import { withSettledFailure } from './server-errors.ts'

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

/** The run without a settled attempt, which ended so, and without the hooks' calls that belong to this attempt. */
export function withoutAttempt(
  run: OpenRun,
  settled: Attempt,
  finished: FinishedAttempt | undefined,
): OpenRun {
  const without = (evidence: RunEvidence): RunEvidence => ({
    ...evidence,
    attempts: evidence.attempts.filter((attempt) => keyOf(attempt) !== keyOf(settled)),
    ...(evidence.serverErrors !== undefined &&
      finished?.outcome === 'failed' &&
      finished.snapshotId === undefined && {
        serverErrors: withSettledFailure(evidence.serverErrors, settled.source),
      }),
  })
  const span = { startedAt: settled.startedAt, endedAt: settled.finishedAt ?? settled.startedAt }
  const lastSettled = { ...run.lastSettled, [settled.source.path]: span }
  const next = {
    ...run,
    lastSettled,
    evidence: without(run.evidence),
    preview: without(run.preview),
    ...(finished !== undefined && finished.outcome !== 'success' && { hasFailedAttempt: true as const }),
    // A snapshot that the repository holds shows that the rest of the run belongs to it, too.
    ...(finished?.snapshotId !== undefined && { configuration: { kind: 'own' as const } }),
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
  return [...inLog, ...hookAttemptsUnderWay(run, identity)]
}

/** An attempt of a command without a reported end ended at the latest when the next attempt of its run began. */
function endOf(attempt: Attempt, run: EndedRun): number {
  if (attempt.origin !== 'command') return attempt.finishedAt ?? run.endedAt
  const next = run.evidence.attempts[run.evidence.attempts.indexOf(attempt) + 1]
  return next?.startedAt ?? run.endedAt
}

/** Identifies an attempt within its run. */
export function keyOf(attempt: Attempt): string {
  return `${attempt.startedAt} ${formatSource(attempt.source)}`
}
