// The order in which an agent starts, pushes once, and stops.

import type { Ledger } from '../ledger/ledger.ts'
import type { PushResult } from '../push/pushgateway.ts'
import type { RepositoryQueries } from '../reconcile/repository-queries.ts'
import type { Settings } from '../settings/settings.ts'
import { cronGaps } from '../util/cron-times.ts'
import type { Log } from '../util/log.ts'
import type { Progress, WebServer } from '../web/server.ts'
import type { Ingest } from './ingest.ts'
import { bringLastResults, type LastResultsOptions } from './last-results.ts'
import type { Publisher } from './publisher.ts'
import type { Refresher } from './refresher.ts'
import type { ServiceManager } from './service-manager.ts'
import type { SettlingLoop } from './settling-loop.ts'
import type { Startup } from './startup.ts'
import { aborted } from './timers.ts'
import type { Verifier } from './verifier.ts'

export type Agent = {
  /** Watches and pushes until stopped. Resolves once everything that happened before is in the metrics. */
  readonly run: () => Promise<void>
  /** Brings the ledger up to date and pushes once. */
  readonly pushOnce: () => Promise<PushResult>
  /** Stops watching, pushes a last time, saves the ledger. Resolves when nothing goes on. */
  readonly stop: () => Promise<void>
}

/** What the parts of an agent share. */
export type AgentState = {
  progress: Progress
  /** `run` pushes whenever something has changed, `push` at its end. */
  pushes: 'once' | 'as it goes'
  /** Set only by the `run` of a service: one-shot pushes and jobs must not trigger the missing-heartbeat alert. */
  heartbeatSeconds: number | undefined
}

export type LifecycleOptions = LastResultsOptions & {
  readonly settings: Pick<Settings, 'refreshSchedule' | 'cliLogs' | 'stateDirectory' | 'lifetime'>
  readonly state: AgentState
  readonly stopping: AbortController
  readonly ledger: Pick<Ledger, 'sources'>
  readonly serviceManager: ServiceManager
  readonly ingest: Ingest
  readonly loop: SettlingLoop
  readonly startup: Startup
  readonly refresher: Refresher
  readonly verifier: Pick<Verifier, 'start' | 'finish'>
  readonly repositoryQueries: Pick<RepositoryQueries, 'isReachable' | 'refreshFigures'>
  readonly publisher: Publisher
  readonly listen: () => Promise<WebServer | undefined>
  readonly log: Log
}

/** Binds the parts to their order. */
export function createLifecycle(options: LifecycleOptions): Agent {
  const { state, stopping, ingest, loop, refresher, verifier, publisher, serviceManager } = options
  let starting: Promise<void> | undefined
  let web: WebServer | undefined

  async function start(): Promise<void> {
    state.pushes = 'as it goes'
    state.heartbeatSeconds = heartbeatOf(options.settings)
    web = await options.listen()
    await watchAndCatchUp(options)
  }

  async function stop(): Promise<void> {
    void serviceManager.stopping()
    const { lifetime } = options.settings
    if (lifetime.kind === 'job' && starting !== undefined) {
      await bringLastResults(options, starting, lifetime.stopLimitMs)
    }
    stopping.abort()
    // A start that failed has rejected to its caller already.
    await starting?.catch(() => undefined)
    await Promise.all([ingest.finish(), refresher.finish(), verifier.finish(), web?.close()])
    await loop.finish()
    if (state.progress === 'up to date') await publisher.stop()
    await publisher.save()
  }

  return {
    run: () => {
      starting = start()
      return starting
    },
    pushOnce: () => pushOnce(options),
    stop,
  }
}

function heartbeatOf({ lifetime, refreshSchedule }: LifecycleOptions['settings']): number | undefined {
  return lifetime.kind === 'service' ? cronGaps([refreshSchedule])?.longestSeconds : undefined
}

async function watchAndCatchUp(options: LifecycleOptions): Promise<void> {
  const { state, ingest, loop, startup, refresher, repositoryQueries, publisher, serviceManager } = options
  const { signal } = options.stopping
  await startup.begin()
  state.progress = 'reading the past'
  await Promise.race([
    serviceManager.ready('Ready, and reading what happened before the start.'),
    aborted(signal),
  ])
  loop.start(signal)
  ingest.startSweeping(signal)
  // Read existing logs before watching: a watch per log costs 24 KiB, and at most one is still being written.
  await ingest.readEverything(signal)
  await ingest.startWatching(signal)
  await startup.catchUp(signal)
  if (signal.aborted) return
  publisher.requestPush()
  await publisher.save()
  refresher.start(signal)
  options.verifier.start(signal)
  await reportReady(options)
  if (repositoryQueries.isReachable()) await refresher.refreshFigures()
}

async function reportReady({ settings, ledger, serviceManager, log }: LifecycleOptions): Promise<void> {
  const folders = `${settings.cliLogs} and ${settings.stateDirectory}/spool`
  const status = `Ready: ${ledger.sources.size} sources known, watching ${folders}.`
  log.info(status)
  await serviceManager.status(status)
}

async function pushOnce(options: LifecycleOptions): Promise<PushResult> {
  const { startup, repositoryQueries, publisher, stopping, loop } = options
  await startup.begin()
  await startup.catchUp(stopping.signal)
  if (repositoryQueries.isReachable()) await repositoryQueries.refreshFigures()
  await loop.finish()
  await publisher.save()
  return publisher.publishOnce(new AbortController().signal)
}
