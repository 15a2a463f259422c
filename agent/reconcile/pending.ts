// What waits to be settled: runs that have ended, and finished attempts of processes that go on.

import { attemptsOf, attemptsUnderWay, finishedAttempts, keyOf } from '../kopia/runs/attempts.ts'
import type { Attempt } from '../kopia/runs/evidence.ts'
import { finishedHookAttempts, type Identity } from '../kopia/runs/hook-attempts.ts'
import type { EndedRun, OpenRun, Runs } from '../kopia/runs/run.ts'

/** `key` names the question that the repository is asked about the item: a new key is a new question. */
type PendingRun = {
  readonly kind: 'run'
  readonly key: string
  readonly runId: string
  readonly run: EndedRun
}
export type PendingAttempt = {
  readonly kind: 'attempt'
  readonly key: string
  readonly runId: string
  readonly run: OpenRun
  readonly attempt: Attempt
}
export type PendingItem = PendingRun | PendingAttempt

/** How long after an after-action Kopia may take to save the snapshot: the first look and the last. */
export const hookGraceSeconds = { first: 1, last: 15 } as const

/** How long after a server has finished a source it may take to log that the flush failed. */
export const flushGraceSeconds = 1

/** The ended runs, in the order in which they ended: the latest one decides on a source. */
export function pendingRuns(runs: Runs): readonly PendingRun[] {
  const ended: PendingRun[] = []
  for (const [runId, run] of runs) {
    if (run.state === 'ended') ended.push({ kind: 'run', key: `run ${runId}`, runId, run })
  }
  return ended.sort((one, other) => one.run.endedAt - other.run.endedAt)
}

/** The finished attempts of open runs: those that a server's log reports, and those that hooks alone report. */
export function pendingAttempts(
  runs: Runs,
  identity: Identity | undefined,
  nowSeconds: number,
): readonly PendingAttempt[] {
  return openRuns(runs).flatMap(([runId, run]) =>
    pendingAttemptsOf(run, identity, nowSeconds).map(
      ({ attempt, stage }): PendingAttempt => ({
        kind: 'attempt',
        key: `attempt ${runId} ${stage} ${keyOf(attempt)}`,
        runId,
        run,
        attempt,
      }),
    ),
  )
}

type StagedAttempt = {
  readonly attempt: Attempt
  readonly stage: 'finished' | 'flushed' | 'first look' | 'last look'
}

function pendingAttemptsOf(
  run: OpenRun,
  identity: Identity | undefined,
  nowSeconds: number,
): readonly StagedAttempt[] {
  const ofLog = finishedAttempts(run).map((attempt): StagedAttempt => {
    const isFlushed = nowSeconds - (attempt.finishedAt ?? nowSeconds) >= flushGraceSeconds
    return { attempt, stage: isFlushed ? 'flushed' : 'finished' }
  })
  if (identity === undefined) return ofLog
  // The repository is asked twice: soon after the after-action, and when the snapshot must be there.
  const ofHooks = finishedHookAttempts(run, identity, nowSeconds, hookGraceSeconds.first)
  return [
    ...ofLog,
    ...ofHooks.map((attempt): StagedAttempt => {
      const ageSeconds = nowSeconds - (attempt.finishedAt ?? nowSeconds)
      return { attempt, stage: ageSeconds < hookGraceSeconds.last ? 'first look' : 'last look' }
    }),
  ]
}

/** Whether the item is still what it was: another task may have settled it meanwhile. */
export function isStillPending(
  item: PendingItem,
  runs: Runs,
  identity: Identity | undefined,
  nowSeconds: number,
): boolean {
  const run = runs.get(item.runId)
  if (item.kind === 'run') return run === item.run
  if (run?.state !== 'open') return false
  return pendingAttemptsOf(run, identity, nowSeconds).some(
    ({ attempt }) => keyOf(attempt) === keyOf(item.attempt),
  )
}

/** All attempts that are under way, or that have finished and are not settled. */
export function unsettledAttempts(
  runs: Runs,
  identity: Identity | undefined,
  isMeant: (run: OpenRun | EndedRun) => boolean,
): readonly Attempt[] {
  const unsettled: Attempt[] = []
  for (const run of runs.values()) {
    if (run.state !== 'settled' && isMeant(run)) unsettled.push(...attemptsOf(run, identity))
  }
  return unsettled
}

/** The attempts that are under way in the runs of this repository. */
export function runningAttempts(
  runs: Runs,
  identity: Identity | undefined,
  isOurs: (run: OpenRun | EndedRun) => boolean,
): readonly Attempt[] {
  return openRuns(runs).flatMap(([, run]) => (isOurs(run) ? attemptsUnderWay(run, identity) : []))
}

/** The items as they are now: what their runs have written since the repository was asked belongs to them. */
export function currentItems(
  asked: readonly PendingItem[],
  now: readonly PendingItem[],
): readonly PendingItem[] {
  const names = new Set(asked.map(nameOf))
  return now.filter((item) => names.has(nameOf(item)))
}

/** The same for all stages of a question. */
function nameOf(item: PendingItem): string {
  return item.kind === 'run' ? item.key : `${item.runId} ${keyOf(item.attempt)}`
}

function openRuns(runs: Runs): readonly (readonly [string, OpenRun])[] {
  const open: [string, OpenRun][] = []
  for (const [runId, run] of runs) if (run.state === 'open') open.push([runId, run])
  return open
}
