// Refreshes by schedule: the heartbeat, the questions to Kopia that no log makes superfluous, the repository's figures.

import { newestOtherChange } from '../kopia/log/recent-changes.ts'
import type { RunTracker } from '../kopia/runs/tracker.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Reconciler } from '../reconcile/reconciler.ts'
import type { RepositoryQueries } from '../reconcile/repository-queries.ts'
import type { Settings } from '../settings/settings.ts'
import type { Spool } from '../spool/spool.ts'
import { coalesce } from '../util/coalesce.ts'
import type { Log } from '../util/log.ts'
import type { FaultGuard } from './faults.ts'
import { noteUptime } from './note-uptime.ts'
import type { Publisher } from './publisher.ts'
import { type Questions, questionsFor } from './questions.ts'
import { schedule } from './schedule.ts'
import type { VerificationIntake } from './verification-intake.ts'

export type Refresher = {
  /** Runs the schedules until the signal is aborted. */
  readonly start: (signal: AbortSignal) => void
  /** Saves and pushes, and has Kopia asked for what may have changed. Never rejects. */
  readonly heartbeat: () => Promise<void>
  /** Asks for the repository's size and maintenance, and pushes. Never rejects. */
  readonly refreshFigures: () => Promise<void>
  /** Changes by other commands that were made until now are known. */
  readonly noteOtherChanges: () => Promise<void>
  /** Resolves once no question is under way. */
  readonly finish: () => Promise<void>
}

export type RefresherOptions = {
  readonly settings: Pick<
    Settings,
    'alwaysOn' | 'cliLogs' | 'instance' | 'refreshSchedule' | 'repositorySchedule' | 'scope'
  >
  readonly ledger: Pick<Ledger, 'uptimeQuarters' | 'setUptimeQuarters' | 'noteUpToDate'>
  readonly tracker: Pick<RunTracker, 'runs'>
  readonly reconciler: Pick<Reconciler, 'refreshSnapshots' | 'isWaiting' | 'noteDoubts'>
  readonly repositoryQueries: RepositoryQueries
  readonly publisher: Pick<Publisher, 'save' | 'requestPush'>
  readonly spool: Pick<Spool, 'tidy'>
  readonly verifications: Pick<VerificationIntake, 'take'>
  /** Settles what ended while Kopia answered. */
  readonly look: () => Promise<void>
  readonly faults: FaultGuard
  readonly nowSeconds: () => number
  readonly log: Log
}

/** Creates the refresher; before `start` it refreshes only when it is called. */
export function createRefresher(options: RefresherOptions): Refresher {
  const { settings, ledger, repositoryQueries, reconciler, publisher, spool, faults, nowSeconds } = options
  const changes = createChangeMemory(settings.cliLogs)

  // Coalesced, so that a Kopia that hangs gets one question at a time, however often the schedules run.
  const coalesced = (what: string, task: () => Promise<void>) =>
    coalesce(() => faults.run(what, task).then(() => undefined))
  const askKopia = coalesced('Asking Kopia for news', askForNews)
  const refreshRepository = coalesced('Asking Kopia for all', askForAll)
  const refreshFigures = coalesced('Asking Kopia for the figures of the repository', askForFigures)

  async function askForNews(): Promise<void> {
    const newest = await changes.newest()
    const questions = questionsFor({ ...factsOf(options), hasOtherChange: changes.isNew(newest) })
    if (questions === 'none') return
    await ask(questions, options)
    if (questions === 'everything' && repositoryQueries.isReachable()) await refreshFigures()
    changes.note(newest)
    await options.look()
    await publish(publisher)
  }

  const tidySpool = () => faults.run('Tidying the spool', () => spool.tidy(nowSeconds()))
  async function askForFigures(): Promise<void> {
    await tidySpool()
    await repositoryQueries.refreshFigures()
    await publish(publisher)
  }

  // A server or another machine changes policies without a log here, and Kopia may write its logs elsewhere.
  async function askForAll(): Promise<void> {
    await repositoryQueries.refreshIdentity()
    if (!repositoryQueries.isReachable()) return void (await tidySpool())
    await reconciler.refreshSnapshots()
    await refreshFigures()
  }

  // The heartbeat does not wait for a repository that hangs: its silence must mean that the machine is gone.
  async function heartbeat(): Promise<void> {
    noteUptime(options)
    reconciler.noteDoubts()
    await options.verifications.take()
    ledger.noteUpToDate(nowSeconds())
    await publish(publisher)
    void askKopia()
  }

  return {
    start: (signal) => startSchedules(options, signal, { heartbeat, refreshRepository }),
    heartbeat,
    refreshFigures,
    noteOtherChanges: async () => changes.note(await changes.newest()),
    finish: () => idleOf(askKopia, refreshRepository, refreshFigures),
  }
}

async function ask(
  questions: Exclude<Questions, 'none'>,
  { repositoryQueries, reconciler }: RefresherOptions,
): Promise<void> {
  if (questions === 'everything') await repositoryQueries.refreshIdentity()
  if (questions === 'policies and snapshots') await repositoryQueries.refreshPolicies()
  await reconciler.refreshSnapshots()
}

async function idleOf(...tasks: readonly { readonly idle: () => Promise<void> }[]): Promise<void> {
  await Promise.all(tasks.map((task) => task.idle()))
}

function startSchedules(
  { settings, log }: RefresherOptions,
  signal: AbortSignal,
  tasks: { readonly heartbeat: () => Promise<void>; readonly refreshRepository: () => Promise<void> },
): void {
  const common = { instance: settings.instance, signal, log }
  const { refreshSchedule, repositorySchedule } = settings
  schedule({ ...common, name: 'refresh_schedule', expression: refreshSchedule, task: tasks.heartbeat })
  const { refreshRepository } = tasks
  schedule({
    ...common,
    name: 'repository_schedule',
    expression: repositorySchedule,
    task: refreshRepository,
  })
}

function factsOf({ settings, tracker, reconciler, repositoryQueries }: RefresherOptions) {
  const isServerRunning = [...tracker.runs.values()].some(
    (run) => run.state === 'open' && run.command === 'server-start',
  )
  return {
    isReachable: repositoryQueries.isReachable(),
    scope: settings.scope,
    isServerRunning,
    isWaiting: reconciler.isWaiting(),
  }
}

/** The newest command other than a backup that was answered for. */
function createChangeMemory(cliLogs: string) {
  let seen: string | undefined
  return {
    newest: () => newestOtherChange(cliLogs),
    isNew: (newest: string | undefined) => newest !== seen,
    note: (newest: string | undefined) => {
      seen = newest
    },
  }
}

async function publish(publisher: Pick<Publisher, 'save' | 'requestPush'>): Promise<void> {
  publisher.requestPush()
  await publisher.save()
}
