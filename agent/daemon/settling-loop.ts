// The loop that settles: events and runs go into the ledger as soon as they have news, and the ledger goes out.

import type { OpenRun } from '../kopia/runs/run.ts'
import { nearEndSince } from '../kopia/runs/run-end.ts'
import type { RunTracker } from '../kopia/runs/tracker.ts'
import type { Reconciler } from '../reconcile/reconciler.ts'
import { coalesce } from '../util/coalesce.ts'
import type { EventIntake } from './event-intake.ts'
import type { FaultGuard } from './faults.ts'
import { nextLookMs, type WatchedRun } from './next-look.ts'
import { type Alarm, createAlarm } from './timers.ts'

export type SettlingLoop = {
  /** From now on open runs are looked at until they end. */
  readonly start: (signal: AbortSignal) => void
  /** Looks once, now. Never rejects. */
  readonly look: () => Promise<void>
  /** Resolves when no look is under way. */
  readonly idle: () => Promise<void>
  /** Looks a last time; then no call looks any more. */
  readonly finish: () => Promise<void>
}

export type SettlingLoopOptions = {
  readonly tracker: Pick<RunTracker, 'runs' | 'endFinishedRuns'>
  readonly intake: Pick<EventIntake, 'take' | 'hasNewEvents'>
  readonly reconciler: Pick<Reconciler, 'noteBeginnings' | 'settle' | 'runningSince' | 'isWaiting'>
  /** Whether ended runs may be settled: not before the past is read. */
  readonly maySettle: () => boolean
  /** Called when the ledger has changed. */
  readonly publish: () => Promise<void>
  readonly faults: FaultGuard
  readonly nowSeconds: () => number
}

/** Creates the loop; before `start` it looks only when it is called. */
export function createSettlingLoop(options: SettlingLoopOptions): SettlingLoop {
  const { tracker, intake, reconciler, maySettle, publish, faults, nowSeconds } = options
  let alarm: Alarm | undefined
  let isFinished = false

  // A fault in one step does not stop the others: logs go on while the spool can't be read.
  const look = coalesce(async () => {
    alarm?.clear()
    if (isFinished) return
    await faults.run('Reading the spool', intake.take)
    const isChanged = await faults.run('Settling runs', settleOnce)
    if (intake.hasNewEvents() || isChanged === true) await faults.run('Publishing the ledger', publish)
    const delayMs = nextLookMs({
      openRuns: openRunsOf(tracker).map(watchedRunOf),
      isAttemptRunning: reconciler.runningSince().size > 0,
      isWaiting: reconciler.isWaiting(),
      nowSeconds: nowSeconds(),
    })
    if (delayMs !== undefined) alarm?.set(delayMs)
  })

  async function settleOnce(): Promise<boolean> {
    // Looking at the processes shows which repository a run belongs to.
    await tracker.endFinishedRuns()
    const hasBegun = reconciler.noteBeginnings()
    const hasSettled = maySettle() && (await reconciler.settle())
    return hasBegun || hasSettled
  }

  return {
    start: (signal) => {
      alarm = createAlarm(signal, () => void look())
    },
    look,
    idle: look.idle,
    finish: async () => {
      await look()
      isFinished = true
      await look.idle()
    },
  }
}

function openRunsOf({ runs }: Pick<RunTracker, 'runs'>): readonly OpenRun[] {
  return [...runs.values()].filter((run) => run.state === 'open')
}

function watchedRunOf(run: OpenRun): WatchedRun {
  return { command: run.command, nearEndSince: nearEndSince(run) }
}
