// Ends the runs whose processes are not visible, as far as it is known that they are over.

import { formatSource, type Source } from '../source.ts'
import type { Processes } from './process.ts'
import { type EndedRun, type OpenRun, wasSeenAlive } from './run.ts'
import { asEnded, hasEndedUnread, isInvisible, whyEnded } from './run-end.ts'
import type { RunReading } from './run-reader.ts'
import type { RunStore } from './run-store.ts'

export type RunEndings = {
  /** Decides on a run whose process is not visible and whose log was read to its end; undefined if the run goes on. */
  readonly endIfOver: (runId: string, reading: RunReading) => EndedRun | undefined
  /** Ends a run that something else shows to be over. */
  readonly end: (runId: string, run: OpenRun) => EndedRun
}

type RunEndingsOptions = {
  readonly store: RunStore
  readonly processes: Processes
  /** How long the longest good backup of a source took. */
  readonly longestSuccessSeconds: (source: Source) => number | undefined
  /** When the newest settled attempt of a source began, in Unix seconds. */
  readonly newestStartOf: (source: Source) => number | undefined
  /** When the process of a run was last seen since the agent started, in Unix seconds. */
  readonly seenAliveAt: (runId: string) => number | undefined
  readonly nowSeconds: () => number
}

/** `uptime` and the clock can disagree by more than the clock was corrected since the machine started. */
const bootSlackSeconds = 60

/** A clock may have been set between the two times. */
const clockSlackSeconds = 10

/** Binds the endings to the runs in `store`. */
export function createRunEndings(options: RunEndingsOptions): RunEndings {
  const { store, processes, longestSuccessSeconds, newestStartOf, seenAliveAt, nowSeconds } = options

  function endIfOver(runId: string, { run, isComplete }: RunReading): EndedRun | undefined {
    const silentSeconds = nowSeconds() - run.lastSignAt
    if (!isComplete && !hasEndedUnread(silentSeconds)) return undefined
    const lengths = run.preview.attempts.map(({ source }) => longestSuccessSeconds(source) ?? 0)
    const supersededAt = supersededSince(runId, run)
    const why = whyEnded(run, {
      silentSeconds,
      isKnownToBeGone: isKnownToBeGone(runId, run),
      isSuperseded: supersededAt !== undefined,
      longestSuccessSeconds: Math.max(0, ...lengths),
    })
    if (why === undefined) return undefined
    const ended = end(runId, run)
    if (why === 'certain') return ended
    // It ended before the later attempt began, whose outcome is the newer one.
    return { ...ended, endedAt: Math.min(ended.endedAt, supersededAt ?? ended.endedAt), isSilent: true }
  }

  /** When a later attempt of the same source began, in Unix seconds. It can be settled between two looks. */
  function supersededSince(runId: string, run: OpenRun): number | undefined {
    const starts = [
      ...run.preview.attempts.flatMap(({ source, startedAt }) => {
        const newest = newestStartOf(source) ?? 0
        return newest > Math.max(run.lastSignAt, startedAt) ? [newest] : []
      }),
      ...store.openRuns().flatMap(([otherId, other]) => (otherId === runId ? [] : laterStarts(other, run))),
    ]
    return starts.length > 0 ? Math.min(...starts) : undefined
  }

  function end(runId: string, run: OpenRun): EndedRun {
    return asEnded(run, { nowSeconds: nowSeconds(), seenAliveAt: seenAliveAt(runId) })
  }

  /**
   * The machine has started since the run's last sign; or the pid is free, and the agent sees Kopia's processes: so this one
   * does not just run in another container. A pid is free, too, if its process has started since: in a pod, pids are small and repeat.
   */
  function isKnownToBeGone(runId: string, run: OpenRun): boolean {
    if (run.lastSignAt + bootSlackSeconds < processes.bootedAt()) return true
    const livingSince = processes.livingSince(run.processId) ?? Number.POSITIVE_INFINITY
    if (isInvisible(run) || livingSince < run.lastSignAt + clockSlackSeconds) return false
    if (![...store.runs.values()].some(wasSeenAlive)) return false
    return processes.findWriterInContainers(run.processId, runId) === undefined
  }

  return { endIfOver, end }
}

/** When `other` began to back up sources of `run` after the last sign of `run`. */
function laterStarts(other: OpenRun, run: OpenRun): readonly number[] {
  if (other.configuration?.kind === 'other') return []
  const names = new Set(run.preview.attempts.map(({ source }) => formatSource(source)))
  return other.preview.attempts
    .filter(({ source, startedAt }) => startedAt > run.lastSignAt && names.has(formatSource(source)))
    .map(({ startedAt }) => startedAt)
}
