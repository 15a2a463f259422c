// Wires the stages: runs and events in, the ledger in the middle, metrics out. Only wiring: each part decides for itself.

import { join } from 'node:path'
import { processesForLogs } from '../kopia/runs/log-machine.ts'
import { createRunTracker } from '../kopia/runs/tracker.ts'
import { formatSource, type Source } from '../kopia/source.ts'
import { createSourceTest } from '../kopia/source-patterns.ts'
import { createLedger, type Ledger } from '../ledger/ledger.ts'
import { longestSuccessSeconds } from '../ledger/longest-success.ts'
import { prepareSpool } from '../ledger/state-directory.ts'
import { type LoadedLedger, loadLedger } from '../ledger/store.ts'
import { createMetricsRegistry } from '../metrics/registry.ts'
import { Reconciler } from '../reconcile/reconciler.ts'
import { createRepositoryQueries } from '../reconcile/repository-queries.ts'
import { isInScope } from '../reconcile/source-filter.ts'
import type { Settings } from '../settings/settings.ts'
import { createSpool, type Spool } from '../spool/spool.ts'
import type { Log } from '../util/log.ts'
import { createEventIntake } from './event-intake.ts'
import { createFaultGuard } from './faults.ts'
import { createIngest } from './ingest.ts'
import { kopiaOf } from './kopia-client.ts'
import { createLifeSigns } from './life-signs.ts'
import { type Agent, type AgentState, createLifecycle } from './lifecycle.ts'
import { startListener } from './listener.ts'
import { createPublisher } from './publisher.ts'
import { createRefresher } from './refresher.ts'
import type { ServiceManager } from './service-manager.ts'
import { createSettlingLoop } from './settling-loop.ts'
import { createStartup } from './startup.ts'
import { enableOptimizer } from './v8-flags.ts'
import { createVerificationIntake } from './verification-intake.ts'
import { createVerifier } from './verifier.ts'

type AgentOptions = {
  readonly settings: Settings
  readonly version: string
  readonly log: Log
  readonly serviceManager: ServiceManager
  readonly nowSeconds: () => number
  /** In [0, 1). */
  readonly random: () => number
}

/** Loads the ledger and wires everything to it. Rejects where the state directory can't be used. */
export async function createAgent(options: AgentOptions): Promise<Agent> {
  const { settings, version, log, serviceManager, nowSeconds, random } = options
  const stopping = new AbortController()
  const state: AgentState = { progress: 'starting', pushes: 'once', heartbeatSeconds: undefined }
  const faults = createFaultGuard(log)
  const lifeSigns = createLifeSigns(serviceManager)
  const data = dataOf(await loadLedger(settings.stateDirectory, nowSeconds()), log)
  const ledger = createLedger(data)
  const selection = createSelection(settings, ledger)

  const spool = openSpool(settings, log)
  await prepareSpool(spool.folder)
  const tracker = createRunTracker({
    directory: settings.cliLogs,
    configurationPath: settings.resolvedKopiaConfigPath,
    longestSuccessSeconds: (source) =>
      longestSuccessSeconds(ledger.sources.get(formatSource(source)), nowSeconds()),
    newestStartOf: (source) => ledger.sources.get(formatSource(source))?.lastAttempt?.startedAt,
    runs: new Map(Object.entries(data.runs)),
    nowSeconds,
    onFault: (name, error) => log.error(`${name} can't be read, it is tried again: ${error}`),
    onRecovered: (name) => log.info(`${name} can be read again.`),
    onProgress: lifeSigns.readOn,
    takeHookCalls: () => intake.take(),
    processes: processesForLogs(settings.cliLogs),
  })
  const intake = createEventIntake({ spool, tracker, log })

  const kopia = kopiaOf(settings, {
    signal: stopping.signal,
    onBegin: lifeSigns.kopiaCallBegan,
    onCall: (command, ok) => {
      lifeSigns.kopiaCallEnded()
      metrics.countKopiaCall(command, ok ? 'success' : 'failed')
    },
    onLongAnswer: enableOptimizer,
  })
  const { signal } = stopping
  const repositoryQueries = createRepositoryQueries({ ledger, kopia, signal, nowSeconds, log })
  const reconciler = new Reconciler({
    ledger,
    tracker,
    repositoryQueries,
    ...selection,
    onUnattributed: () => metrics.countUnattributedRun(),
    onUnexplained: () => metrics.countUnexplainedSnapshot(),
    nowSeconds,
    log,
  })
  const runningSince = () => reconciler.runningSince()

  const metrics = createMetricsRegistry({
    ledger,
    runningSince,
    limits: settings.limits,
    nowSeconds,
    agent: () => ({
      version,
      alwaysOn: settings.alwaysOn,
      heartbeatSeconds: state.heartbeatSeconds,
      keptBy: settings.gateway?.target.kind === 'pushgateway' ? 'gateway' : 'nobody',
      repositoryReachable: repositoryQueries.isReachable(),
      repositoryChanged: ledger.repository.changedTo !== undefined,
      processesVisible: ledger.setup.processesVisible,
    }),
  })
  const verifications = createVerificationIntake({ settings, ledger, faults, nowSeconds, log })
  const intakes = [intake, verifications]
  const common = { faults, nowSeconds, random, log }
  const publisher = createPublisher({ settings, ledger, tracker, intakes, metrics, ...common })

  const loop = createSettlingLoop({
    tracker,
    intake,
    reconciler,
    maySettle: () => state.progress === 'up to date',
    publish: async () => {
      if (state.progress === 'up to date' && state.pushes === 'as it goes') publisher.requestPush()
      await publisher.save()
    },
    faults,
    nowSeconds,
  })
  const { look } = loop
  const { watchdogMs } = serviceManager
  const folders = { cliLogs: settings.cliLogs, spoolFolder: spool.folder }
  const ingest = createIngest({ ...folders, tracker, look, watchdogMs, lifeSigns, faults, log })
  const stages = { settings, ledger, tracker, reconciler, repositoryQueries, publisher, ingest, look }
  const verifier = createVerifier({ ...stages, ...common, ...selection, verifications, kopia })
  const refresher = createRefresher({ ...stages, ...common, verifications, spool })
  const onUpToDate = () => {
    state.progress = 'up to date'
  }
  const startup = createStartup({ ...stages, verifications, refresher, verifier, onUpToDate, nowSeconds })
  const listen = () =>
    startListener({
      ...stages,
      ...common,
      version,
      runningSince,
      metrics,
      progress: () => state.progress,
    })
  return createLifecycle({
    ...stages,
    ...common,
    state,
    stopping,
    serviceManager,
    loop,
    refresher,
    verifier,
    startup,
    listen,
  })
}

function openSpool({ stateDirectory }: Settings, log: Log): Spool {
  return createSpool(join(stateDirectory, 'spool'), {
    onBroken: (fileName, reason) => log.warn(`The event ${fileName} in the spool is set aside: ${reason}.`),
    onFault: (reason) => log.error(`The spool can't be used, it is tried again: ${reason}.`),
    onRecovered: () => log.info('The spool can be used again.'),
  })
}

/** Which sources are reported: of all that the repository holds, and of those that this machine backs up. */
function createSelection({ scope, sources }: Settings, ledger: Ledger) {
  const isWantedHere = createSourceTest(sources)
  const isWanted = (source: Source) => {
    const backedUpAs = ledger.sources.get(formatSource(source))?.backedUpAs
    return isInScope(scope, ledger.repository.status, source, backedUpAs) && isWantedHere(source)
  }
  return { isWanted, isWantedHere }
}

function dataOf(loaded: LoadedLedger, log: Log): LoadedLedger['data'] {
  if (loaded.kind === 'unreadable') {
    log.error(
      `The ledger can't be read (${loaded.reason}): it is kept as ${loaded.keptAs}, and counters begin anew.`,
    )
  }
  return loaded.data
}
