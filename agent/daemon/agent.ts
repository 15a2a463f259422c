// Wires the stages: log lines and events in, ledger in the middle, metrics out.

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { newestOtherChange } from '../kopia/log/recent-changes.ts'
import { isNearItsEnd } from '../kopia/runs/evidence.ts'
import { createRunTracker } from '../kopia/runs/tracker.ts'
import type { Source } from '../kopia/source.ts'
import { createLedger } from '../ledger/ledger.ts'
import { prepareSpool } from '../ledger/state-directory.ts'
import { loadLedger, saveLedger } from '../ledger/store.ts'
import { withMoment } from '../ledger/uptime.ts'
import { createCallCounter } from '../metrics/call-counter.ts'
import { contentType, toText } from '../metrics/exposition.ts'
import { samplesOf } from '../metrics/samples.ts'
import type { PushResult } from '../push/pushgateway.ts'
import { createReconciler } from '../reconcile/reconciler.ts'
import { createRepositoryQueries } from '../reconcile/repository-queries.ts'
import { createSourceFilter, isInScope } from '../reconcile/source-filter.ts'
import { isLoopback } from '../settings/formats.ts'
import type { Settings } from '../settings/settings.ts'
import { createSpool, isEventName } from '../spool/spool.ts'
import { coalesce } from '../util/coalesce.ts'
import { cronGapSeconds } from '../util/cron-interval.ts'
import type { Log } from '../util/log.ts'
import { type Progress, type Reply, startWebServer, type WebServer } from '../web/server.ts'
import { kopiaOf } from './kopia-client.ts'
import { createOutlets } from './publisher.ts'
import { type Schedule, schedule } from './schedule.ts'
import type { ServiceManager } from './service-manager.ts'
import { enableOptimizer } from './v8-flags.ts'
import { watchFolder } from './watch-folder.ts'

export type AgentOptions = {
  readonly settings: Settings
  readonly version: string
  readonly log: Log
  readonly serviceManager: ServiceManager
  readonly nowSeconds: () => number
  /** In [0, 1). */
  readonly random: () => number
}

export type Agent = {
  /** Watches and pushes until stopped. Resolves once all that happened before is in the picture. */
  readonly run: () => Promise<void>
  /** Brings the ledger up to date and pushes once. */
  readonly pushOnce: () => Promise<PushResult>
  /** Stops watching, pushes a last time, saves the ledger; within 5 s. */
  readonly stop: () => Promise<void>
}

/** The safety net below the hints. */
const sweepIntervalMs = 30_000
/** How soon a folder that appears is watched; and one that is replaced, should no event have told of it. */
const renewIntervalMs = { missing: 1000, there: 10_000 } as const
/** How often the processes of open runs are looked at: often only when their end is near. */
const nearEndIntervalMs = 25
const openRunIntervalMs = 250
/** A server that backs nothing up now. */
const idleRunIntervalMs = 2000

/** Loads the ledger and wires everything to it. Rejects where the state directory can't be used. */
export async function createAgent({
  settings,
  version,
  log,
  serviceManager,
  nowSeconds,
  random,
}: AgentOptions): Promise<Agent> {
  const stopping = new AbortController()

  const loaded = await loadLedger(settings.stateDirectory, nowSeconds())
  if (loaded.kind === 'unreadable') {
    log.error(
      `The ledger can't be read (${loaded.reason}): it is kept as ${loaded.keptAs}, and counters begin anew.`,
    )
  }
  const ledger = createLedger(loaded.data)
  const spool = createSpool(join(settings.stateDirectory, 'spool'), {
    onBroken: (fileName, reason) => log.warn(`The event ${fileName} in the spool is set aside: ${reason}.`),
    onFault: (reason) => log.error(`The spool can't be used, it is tried again: ${reason}.`),
    onRecovered: () => log.info('The spool can be used again.'),
  })
  await prepareSpool(spool.folder)
  const kopiaCalls = createCallCounter()
  const kopia = kopiaOf(settings, {
    signal: stopping.signal,
    onBegin: () => {
      kopiaCallsUnderWay += 1
    },
    onCall: (command, ok) => {
      kopiaCallsUnderWay -= 1
      kopiaCalls.count(command, ok)
    },
    onLongAnswer: enableOptimizer,
  })
  const tracker = createRunTracker({
    directory: settings.cliLogs,
    runs: new Map(Object.entries(loaded.data.runs)),
    nowSeconds,
    onFault: (fileName, error) => log.error(`Kopia's log ${fileName} can't be read: ${error}`),
    onProgress: () => {
      hasReadOn = true
    },
    takeHookCalls: () => takeEvents(),
  })
  const repositoryQueries = createRepositoryQueries(ledger, kopia, nowSeconds, log)
  const passesFilter = createSourceFilter(settings.sources)
  const reconciler = createReconciler({ ledger, tracker, repositoryQueries, isWanted, nowSeconds, log })
  const outlets = createOutlets({ settings, picture: currentPicture, random, log })

  /** Only `run` promises further pushes: alerts take the silence of the others for none. */
  let heartbeatSeconds: number | undefined
  let kopiaCallsUnderWay = 0
  let hasReadOn = false
  let progress: Progress = 'starting'
  let newestChangeSeen: string | undefined
  let nextDigest: NodeJS.Timeout | undefined
  let nextRenewal: NodeJS.Timeout | undefined
  const timers: NodeJS.Timeout[] = []
  let web: WebServer | undefined
  const schedules: Schedule[] = []
  /** Events that are in the runs already, but not yet in a ledger on disk. */
  const unsavedEvents = new Set<string>()
  /** Whether events were taken that no digest has told of yet. */
  let hasNewEvents = false
  const watches = [
    watchFolder({
      folder: settings.cliLogs,
      isLive: tracker.isLive,
      onHint: (fileName) => void tracker.read(fileName).then(digest),
      onGone: () => void renewWatches(),
      onError: (error) => log.warn(`Watching ${settings.cliLogs}: ${error}`),
    }),
    watchFolder({
      folder: spool.folder,
      isLive: isEventName,
      onHint: () => void digest(),
      onGone: () => void renewWatches(),
      onError: (error) => log.warn(`Watching ${spool.folder}: ${error}`),
    }),
  ]

  /** With `local`, only the sources of who Kopia is here; until that is known, all that Kopia's logs here name. */
  function isWanted(source: Source): boolean {
    return isInScope(settings.scope, ledger.repository.status, source) && passesFilter(source)
  }

  // In: the events and runs that are new go into the ledger.

  const digest = coalesce(async () => {
    clearTimeout(nextDigest)
    try {
      await takeEvents()
      const changes = [reconciler.noteBeginnings(), await settleRuns(), hasNewEvents]
      hasNewEvents = false
      if (changes.includes(true)) await keepAndPush()
    } catch (error) {
      log.error(`A step failed, it is tried again: ${error instanceof Error ? error.stack : error}`)
    }
    scheduleDigest()
  })

  const takeEvents = coalesce(async () => {
    const events = await spool.take()
    for (const { fileName, call } of events) {
      await tracker.addHookCall(call)
      if (call.actionExitCode) {
        log.warn(`The ${call.action}-action of ${call.path} ended with exit code ${call.actionExitCode}.`)
      }
      unsavedEvents.add(fileName)
      hasNewEvents = true
    }
  })

  async function settleRuns(): Promise<boolean> {
    await tracker.endFinishedRuns()
    return progress === 'up to date' ? reconciler.settle() : false
  }

  /** Nothing tells that a process has ended: while there is one, it is looked at. */
  function scheduleDigest(): void {
    const open = [...tracker.runs.values()].filter((run) => run.state === 'open')
    if (open.length === 0 || stopping.signal.aborted) return
    const isNear = open.some((run) => isNearItsEnd(run.preview))
    const isBusy = open.some((run) => run.command !== 'server-start' || reconciler.runningSince().size > 0)
    nextDigest = setTimeout(
      digest,
      isNear ? nearEndIntervalMs : isBusy ? openRunIntervalMs : idleRunIntervalMs,
    )
  }

  const renewWatches = coalesce(async () => {
    clearTimeout(nextRenewal)
    const begun = await Promise.all(watches.map((watch) => watch.renew()))
    if (stopping.signal.aborted) return
    const areThere = watches.every((watch) => watch.isThere())
    nextRenewal = setTimeout(renewWatches, areThere ? renewIntervalMs.there : renewIntervalMs.missing)
    if (begun.includes(true)) await readEverything()
  })

  async function readEverything(): Promise<void> {
    // The past may be long: whoever stops the agent is not to wait for it.
    await tracker.sweep(progress === 'up to date' ? undefined : stopping.signal)
    await digest()
  }

  /**
   * The safety net. That it went through is the sign of life; so is reading on where there is much, and waiting for
   * Kopia, whose calls have time limits.
   */
  const sweep = coalesce(async () => {
    await readEverything()
    hasReadOn = false
    await serviceManager.alive()
  })

  function onSweepTime(): void {
    if (kopiaCallsUnderWay > 0 || hasReadOn) void serviceManager.alive()
    hasReadOn = false
    void sweep()
  }

  // Out: the ledger goes to the disk, and as metrics to wherever they are wanted.

  async function keepAndPush(): Promise<void> {
    if (progress === 'up to date') outlets.request()
    await keep()
  }

  const keep = coalesce(async () => {
    const events = [...unsavedEvents]
    try {
      await saveLedger(settings.stateDirectory, ledger.toData(tracker.runs))
      await spool.remove(events)
      for (const fileName of events) unsavedEvents.delete(fileName)
    } catch (error) {
      log.error(`The ledger in ${settings.stateDirectory} can't be saved, it is tried again: ${error}`)
    }
  })

  function currentPicture(): Generator<Uint8Array> {
    const agent = {
      version,
      alwaysOn: settings.alwaysOn,
      heartbeatSeconds,
      repositoryReachable: repositoryQueries.isReachable(),
      pushFailures: outlets.failures(),
      kopiaCalls: kopiaCalls.all(),
    }
    return toText(samplesOf({ ledger, runningSince: reconciler.runningSince(), agent }))
  }

  async function currentPage(query: URLSearchParams): Promise<Reply> {
    const { pageReply } = await import('../web/status-page.ts')
    return pageReply({
      ledger,
      runningSince: reconciler.runningSince(),
      at: nowSeconds(),
      instance: settings.instance,
      version,
      faults: currentFaults(),
      query,
    })
  }

  function currentFaults(): readonly string[] {
    const pushFault = outlets.fault()
    return [
      ...(progress === 'up to date' ? [] : ['What happened before the agent started is still being read.']),
      ...(repositoryQueries.isReachable() === false
        ? ["Kopia can't be asked for the repository; see the agent's log."]
        : []),
      ...(pushFault === undefined ? [] : [`Pushing to the gateway fails and is tried again: ${pushFault}`]),
    ]
  }

  async function listen(): Promise<void> {
    const { listen: address, webLogin, webAllowedHosts } = settings
    if (address === undefined) return
    web = await startWebServer({
      ...address,
      allowedHosts: webAllowedHosts,
      login: webLogin,
      metrics: () => ({ status: 200, contentType, body: currentPicture() }),
      page: currentPage,
      progress: () => progress,
      onError: (error) => log.warn(`The web listener: ${error}`),
    })
    if (webLogin === undefined && !isLoopback(address.host)) {
      log.warn(
        `Everybody who reaches ${address.host} may read /metrics: set web_username and web_password_file.`,
      )
    }
    log.info(`Listening on http://${address.host}:${web.port}/metrics.`)
  }

  // At fixed times.

  async function refresh(): Promise<void> {
    const awake = settings.alwaysOn ? undefined : withMoment(ledger.uptimeQuarters ?? [], nowSeconds())
    ledger.setUptimeQuarters(awake)
    // The heartbeat does not wait for a repository that hangs: silence is to mean that the machine is gone.
    await keepAndPush()
    await askForNews()
  }

  /** One after the other: where Kopia hangs, each schedule would start more of it. */
  const askForNews = coalesce(async () => {
    const newestChange = await newestOtherChange(settings.cliLogs)
    const hasChanged = newestChange !== newestChangeSeen
    const isReachable = repositoryQueries.isReachable() === true
    // One push says that all is as it was: a gateway of a large fleet has enough to do.
    if (isReachable && !hasChanged && !mayChangeUnseen()) return
    if (!isReachable) await askForEverything()
    else {
      if (hasChanged) await repositoryQueries.refreshPolicies()
      await reconciler.refreshSnapshots()
    }
    newestChangeSeen = newestChange
    // What ended while Kopia answered.
    await digest()
    await keepAndPush()
  })

  /** Other machines' snapshots show here in no log, and a server's hardly, depending on its log level. */
  function mayChangeUnseen(): boolean {
    const hasServer = [...tracker.runs.values()].some(
      (run) => run.state === 'open' && run.command === 'server-start',
    )
    return settings.scope === 'all' || hasServer || reconciler.isWaiting()
  }

  async function askForEverything(): Promise<void> {
    await repositoryQueries.refreshIdentity()
    await reconciler.refreshSnapshots()
    if (repositoryQueries.isReachable()) await refreshRepository()
  }

  async function refreshRepository(): Promise<void> {
    await spool.tidy(nowSeconds())
    await repositoryQueries.refreshFigures()
    await keepAndPush()
  }

  /** What ends from now on is counted. It must be on the disk, so that a crash from now on loses nothing. */
  async function begin(): Promise<void> {
    if (ledger.isCounted(nowSeconds())) return
    ledger.begin(nowSeconds())
    await keep()
  }

  /** What the ledger does not hold yet: read, and then settled. */
  async function catchUp(): Promise<void> {
    newestChangeSeen = await newestOtherChange(settings.cliLogs)
    await readEverything()
    while (tracker.hasJustWritten() && !stopping.signal.aborted) {
      await sleep(nearEndIntervalMs)
      await readEverything()
    }
    // It is not read to its end: the next start goes on with it.
    if (stopping.signal.aborted) return
    await repositoryQueries.refreshIdentity()
    await reconciler.refreshSnapshots()
    // What only the repository can tell is still to be settled, and is the past then, too.
    if (repositoryQueries.isReachable()) ledger.endPast()
    await keep()
    progress = 'up to date'
    // What ended while Kopia answered.
    await digest()
  }

  async function run(): Promise<void> {
    heartbeatSeconds = cronGapSeconds([settings.refreshSchedule])
    await listen()
    await begin()
    progress = 'reading the past'
    await serviceManager.ready('Ready, and reading what happened before the start.')
    timers.push(
      setInterval(onSweepTime, Math.min(sweepIntervalMs, (serviceManager.watchdogMs ?? Infinity) / 2)),
    )
    // Of a thousand logs that lie there one or none is still written, and a watch of each would cost 24 MiB: read first.
    await readEverything()
    await renewWatches()
    await catchUp()
    await keepAndPush()
    if (stopping.signal.aborted) return
    schedules.push(
      schedule(settings.refreshSchedule, settings.instance, log, refresh),
      schedule(settings.repositorySchedule, settings.instance, log, refreshRepository),
    )
    const status = `Ready: ${ledger.sources.size} sources known, watching ${settings.cliLogs} and ${spool.folder}.`
    log.info(status)
    await serviceManager.status(status)
    if (repositoryQueries.isReachable()) await refreshRepository()
  }

  async function pushOnce(): Promise<PushResult> {
    await begin()
    await catchUp()
    if (repositoryQueries.isReachable()) await repositoryQueries.refreshFigures()
    stopping.abort()
    clearTimeout(nextDigest)
    await keep()
    return outlets.publish(new AbortController().signal)
  }

  async function stop(): Promise<void> {
    void serviceManager.stopping()
    stopping.abort()
    for (const { stop: stopSchedule } of schedules) stopSchedule()
    for (const timer of timers) clearInterval(timer)
    clearTimeout(nextRenewal)
    clearTimeout(nextDigest)
    await Promise.all([...watches.map((watch) => watch.close()), web?.close()])
    if (progress === 'up to date') await digest()
    clearTimeout(nextDigest)
    await Promise.all([progress === 'up to date' ? outlets.stop() : undefined, keep()])
  }

  return { run, pushOnce, stop }
}
