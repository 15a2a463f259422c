// All attempts of an ended run, from its log and from its hooks, and how each went.

import type { Attempt } from './run.ts'
import type { EndedRun, HookCall } from './tracked-run.ts'
import { type Finished, judge, type RepositoryAnswer } from './verdict.ts'

/** Who Kopia is on this machine: hooks tell only the path of a source. */
export type Identity = { readonly user: string; readonly host: string }

/** A hook runs while its attempt does; clocks of file system and log may differ by a moment. */
const slackSeconds = 1

/** Undefined while the outcome of an attempt can't be known: then the run is settled later, as a whole. */
export function settleRun(
  run: EndedRun,
  answer: RepositoryAnswer,
  identity: Identity | undefined,
): readonly Finished[] | undefined {
  const hookAttempts = attemptsOfHooksAlone(run, identity)
  if (hookAttempts === undefined) return undefined
  const finished: Finished[] = []
  for (const attempt of [...run.evidence.attempts, ...hookAttempts]) {
    const verdict = judge(attempt, run.evidence, endOf(attempt, run), answer)
    if (verdict === undefined) return undefined
    finished.push(verdict)
  }
  return finished
}

/** An attempt that left no word ended, at the latest, when the next one of its run began. */
function endOf(attempt: Attempt, run: EndedRun): number {
  const next = run.evidence.attempts.find((other) => other.startedAt > attempt.startedAt)
  return next?.startedAt ?? run.endedAt
}

/** Without a log (`--disable-file-logging`) the hooks are all that is known. Undefined where the user@host is not. */
function attemptsOfHooksAlone(run: EndedRun, identity: Identity | undefined): readonly Attempt[] | undefined {
  const calls = run.hookCalls.filter((call) => !isTold(call, run))
  if (calls.length === 0) return []
  if (identity === undefined) return undefined
  const byAttempt = Map.groupBy(calls, (call) => call.callId)
  return [...byAttempt.values()].flatMap((ofAttempt) => {
    const [first] = ofAttempt
    if (first === undefined) return []
    const startedAt = Math.min(...ofAttempt.map((call) => call.at))
    return [{ source: { ...identity, path: first.path }, toldBy: 'hook', startedAt }]
  })
}

function isTold(call: HookCall, run: EndedRun): boolean {
  return run.evidence.attempts.some(
    (attempt) =>
      attempt.source.path === call.path &&
      call.at >= attempt.startedAt - slackSeconds &&
      call.at <= endOf(attempt, run) + slackSeconds,
  )
}
