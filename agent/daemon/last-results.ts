// What an agent does that ends with its job: it waits for the results of the runs, and brings them to the gateway.

import type { Run } from '../kopia/runs/run.ts'
import { retryWaitMs } from '../push/retry.ts'
import type { Reconciler } from '../reconcile/reconciler.ts'
import type { Log } from '../util/log.ts'
import type { Progress } from '../web/server.ts'
import type { Ingest } from './ingest.ts'
import type { Publisher } from './publisher.ts'
import { aborted, pause } from './timers.ts'

export type LastResultsOptions = {
  readonly state: { readonly progress: Progress }
  readonly tracker: { readonly runs: ReadonlyMap<string, Pick<Run, 'state'>> }
  readonly ingest: Pick<Ingest, 'readEverything'>
  readonly reconciler: Pick<Reconciler, 'isWaiting' | 'refreshSnapshots'>
  readonly publisher: Pick<Publisher, 'save' | 'publishOnce'>
  /** In [0, 1). */
  readonly random: () => number
  readonly log: Log
}

const lookIntervalMs = 250
/** The rest is for the push: also a run without a result has something to tell. */
const shareOfSettling = 0.8

/**
 * Resolves when all runs are settled and their results pushed, or at the limit, and reports what is missing then. `starting`
 * is the start of the agent, which may still be reading the past; the limit holds for it, too.
 */
export async function bringLastResults(
  options: LastResultsOptions,
  starting: Promise<void>,
  stopLimitMs: number,
): Promise<void> {
  const [settling, pushing] = [new AbortController(), new AbortController()]
  // The timers of AbortSignal.timeout() do not keep the process alive.
  const timers = [
    setTimeout(() => settling.abort(), stopLimitMs * shareOfSettling),
    setTimeout(() => pushing.abort(), stopLimitMs),
  ]
  try {
    if (!(await isUpToDate(options, starting, settling.signal))) return
    await settleAll(options, settling.signal)
    await options.publisher.save()
    await pushUntilTaken(options, pushing.signal)
  } finally {
    for (const timer of timers) clearTimeout(timer)
  }
}

async function isUpToDate(
  options: LastResultsOptions,
  starting: Promise<void>,
  limit: AbortSignal,
): Promise<boolean> {
  // The start goes on after the agent is up to date: it asks for figures of the repository, which can take minutes.
  const start = { isOver: false }
  void starting.catch(() => undefined).finally(() => (start.isOver = true))
  while (options.state.progress !== 'up to date') {
    // A start that failed is reported by its caller. One that takes too long goes on at the next start.
    if (start.isOver) return false
    if (limit.aborted) {
      options.log.warn(
        'The agent still reads what happened before at the end of stop_timeout: it pushes nothing, and the next start goes on.',
      )
      return false
    }
    await pause(lookIntervalMs, limit)
  }
  return true
}

async function settleAll(options: LastResultsOptions, limit: AbortSignal): Promise<void> {
  const { tracker, ingest, reconciler, random, log } = options
  let questions = 0
  await Promise.race([ingest.readEverything(limit), aborted(limit)])
  while (!limit.aborted && hasUnsettledRun(tracker)) {
    // What was asked in vain, as before Kopia was connected, is usually asked again by a schedule, which comes too late.
    if (reconciler.isWaiting()) {
      await Promise.race([reconciler.refreshSnapshots(), aborted(limit)])
      questions += 1
    }
    await pause(reconciler.isWaiting() ? retryWaitMs(questions, random()) : lookIntervalMs, limit)
    await Promise.race([ingest.readEverything(limit), aborted(limit)])
  }
  if (hasUnsettledRun(tracker)) {
    log.warn('A run of Kopia has no result yet at the end of stop_timeout: the next start looks for it.')
  }
}

function hasUnsettledRun({ runs }: LastResultsOptions['tracker']): boolean {
  return [...runs.values()].some(({ state }) => state !== 'settled')
}

async function pushUntilTaken(
  { publisher, random, log }: LastResultsOptions,
  limit: AbortSignal,
): Promise<void> {
  for (let failures = 1; !limit.aborted; failures += 1) {
    const result = await publisher.publishOnce(limit)
    if (result.ok) return
    log.warn(`The last push failed: ${result.reason}`)
    await pause(retryWaitMs(failures, random()), limit)
  }
}
