// What waits to be settled: runs that have ended, and attempts that are over though their process, a server, lives on.

import {
  attemptsOf,
  attemptsUnderWay,
  finishedAttempts,
  finishedHookAttempts,
  keyOf,
} from '../kopia/runs/attempts.ts'
import type { Attempt } from '../kopia/runs/evidence.ts'
import type { EndedRun, OpenRun } from '../kopia/runs/run.ts'
import type { RunTracker } from '../kopia/runs/tracker.ts'
import type { Ledger } from '../ledger/ledger.ts'

export type NamedRun = readonly [runId: string, run: EndedRun]
export type LiveAttempt = { readonly runId: string; readonly run: OpenRun; readonly attempt: Attempt }

export type Pending = {
  /** In the order in which they ended: the last word on a source is the latest. */
  readonly endedRuns: () => readonly NamedRun[]
  readonly liveAttempts: () => readonly LiveAttempt[]
  /** All attempts that are under way, or over and not settled yet. */
  readonly unsettled: () => readonly Attempt[]
  /** What is under way now. */
  readonly underWay: () => readonly Attempt[]
  /** Whether nobody has settled it meanwhile. */
  readonly isPending: (item: NamedRun | LiveAttempt) => boolean
  /** Remembers that it was asked for in vain: to ask again for each would cost what the schedule saves. */
  readonly defer: (key: string) => void
  readonly resume: (key: string) => void
  readonly isDeferred: (key: string) => boolean
  readonly isAnyDeferred: () => boolean
}

/** After an after-action, how long Kopia may take to save the snapshot: first look, and last. */
export const hookGraceSeconds = { first: 1, last: 15 } as const

/** A view on the tracker's runs. */
export function createPending(tracker: RunTracker, ledger: Ledger, nowSeconds: () => number): Pending {
  const deferred = new Set<string>()
  /** Attempts told by hooks alone whose snapshot must be there by now. */
  const overdue = new Set<string>()

  function endedRuns(): readonly NamedRun[] {
    const ended: [string, EndedRun][] = []
    for (const [runId, run] of tracker.runs) if (run.state === 'ended') ended.push([runId, run])
    return ended.sort(([, one], [, other]) => one.endedAt - other.endedAt)
  }

  function liveAttempts(): readonly LiveAttempt[] {
    return openRuns().flatMap(([runId, run]) =>
      [...finishedAttempts(run), ...hookAttempts(run)].map((attempt) => ({ runId, run, attempt })),
    )
  }

  /** Looked at twice: soon after the after-action, and when the snapshot must be there. */
  function hookAttempts(run: OpenRun): readonly Attempt[] {
    const identity = ledger.repository.status
    if (identity === undefined) return []
    for (const attempt of finishedHookAttempts(run, identity, nowSeconds(), hookGraceSeconds.last)) {
      if (!overdue.has(keyOf(attempt))) deferred.delete(keyOf(attempt))
      overdue.add(keyOf(attempt))
    }
    return finishedHookAttempts(run, identity, nowSeconds(), hookGraceSeconds.first)
  }

  function underWay(): readonly Attempt[] {
    return openRuns().flatMap(([, run]) => attemptsUnderWay(run, ledger.repository.status))
  }

  function unsettled(): readonly Attempt[] {
    const runs = [...tracker.runs.values()].filter((run) => run.state !== 'settled')
    return runs.flatMap((run) => attemptsOf(run, ledger.repository.status))
  }

  function openRuns(): readonly (readonly [string, OpenRun])[] {
    const open: [string, OpenRun][] = []
    for (const [runId, run] of tracker.runs) if (run.state === 'open') open.push([runId, run])
    return open
  }

  function isPending(item: NamedRun | LiveAttempt): boolean {
    if (!('attempt' in item)) return tracker.runs.get(item[0]) === item[1]
    const run = tracker.runs.get(item.runId)
    if (run?.state !== 'open') return false
    return [...finishedAttempts(run), ...hookAttempts(run)].some(
      (attempt) => keyOf(attempt) === keyOf(item.attempt),
    )
  }

  return {
    endedRuns,
    liveAttempts,
    unsettled,
    underWay,
    isPending,
    defer: (key) => {
      deferred.add(key)
    },
    resume: (key) => {
      deferred.delete(key)
      overdue.delete(key)
    },
    isDeferred: (key) => deferred.has(key),
    isAnyDeferred: () => deferred.size > 0,
  }
}
