// Publishes the ledger: to the disk, and as metrics to the gateway and the textfile.

import type { RunTracker } from '../kopia/runs/tracker.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { saveLedger } from '../ledger/store.ts'
import type { MetricsRegistry } from '../metrics/registry.ts'
import { createImport } from '../push/import.ts'
import { createPushQueue } from '../push/push-queue.ts'
import { type PushResult, push } from '../push/pushgateway.ts'
import { writeTextfile } from '../push/textfile.ts'
import type { Settings } from '../settings/settings.ts'
import { coalesce } from '../util/coalesce.ts'
import type { Log } from '../util/log.ts'
import type { EventIntake } from './event-intake.ts'
import type { FaultGuard } from './faults.ts'

export type Publisher = {
  /** Saves the ledger together with how far the runs were read. Never rejects. */
  readonly save: () => Promise<void>
  /** Has the metrics pushed soon. */
  readonly requestPush: () => void
  /** Sends the metrics once, and does not try again. */
  readonly publishOnce: (signal: AbortSignal) => Promise<PushResult>
  /** Pushes a last time, for 4 s at most; a push that has failed is not tried again. */
  readonly stop: () => Promise<void>
  /** Why pushing fails now; undefined while it works. */
  readonly pushFault: () => string | undefined
}

export type PublisherOptions = {
  readonly settings: Pick<Settings, 'gateway' | 'instance' | 'textfile' | 'stateDirectory'>
  readonly ledger: Pick<Ledger, 'toData'>
  readonly tracker: Pick<RunTracker, 'runs'>
  /** What waits on the disk until a saved ledger holds it. */
  readonly intakes: readonly Pick<EventIntake, 'unsaved' | 'remove'>[]
  readonly metrics: Pick<MetricsRegistry, 'text' | 'contentType' | 'countPushFailure'>
  readonly faults: FaultGuard
  readonly nowSeconds: () => number
  /** In [0, 1). */
  readonly random: () => number
  readonly log: Log
}

/** Binds the ledger to the disk and to the gateway. */
export function createPublisher(options: PublisherOptions): Publisher {
  const { settings, faults } = options
  const send = createSend(options)
  const publishOnce = (signal: AbortSignal) => publishMetrics(options, send, signal)
  const { queue, pushFault } = createQueue(options, publishOnce)

  const save = coalesce(async () => {
    await faults.run(`Saving the ledger in ${settings.stateDirectory}`, () => saveWithEvents(options))
  })

  return { save, requestPush: queue.request, publishOnce, stop: queue.stop, pushFault }
}

/** Events and results are removed only after the ledger that holds them is on the disk. */
async function saveWithEvents({ settings, ledger, tracker, intakes }: PublisherOptions): Promise<void> {
  const unsaved = intakes.map((intake) => ({ intake, files: intake.unsaved() }))
  await saveLedger(settings.stateDirectory, ledger.toData(tracker.runs))
  for (const { intake, files } of unsaved) await intake.remove(files)
}

type Send = (signal: AbortSignal) => Promise<PushResult>

/** Sends the metrics to what the settings name, if anything. */
function createSend({ settings, metrics, faults, nowSeconds }: PublisherOptions): Send {
  const { gateway: target, instance } = settings
  if (target === undefined) return async () => ({ ok: true })
  const gateway = { ...target, instance }
  const { contentType } = metrics
  switch (target.target.kind) {
    case 'pushgateway':
      return (signal) => push(gateway, metrics.text(), contentType, signal)
    case 'prometheus-import': {
      const guard = (endSeries: () => Promise<void>) =>
        faults.run('Ending series in the store, which it shows for some more minutes,', endSeries)
      const sendToImport = createImport({ gateway, nowSeconds, guard })
      return (signal) => sendToImport(metrics.text(), contentType, signal)
    }
  }
}

async function publishMetrics(
  { settings, metrics, faults }: PublisherOptions,
  send: Send,
  signal: AbortSignal,
): Promise<PushResult> {
  const { textfile } = settings
  if (textfile !== undefined) {
    await faults.run(`Writing the textfile ${textfile}`, () => writeTextfile(textfile, metrics.text()))
  }
  return send(signal)
}

function createQueue(
  { settings: { gateway }, metrics, random, log }: PublisherOptions,
  send: (signal: AbortSignal) => Promise<PushResult>,
) {
  let fault: string | undefined
  const queue = createPushQueue({
    send,
    random,
    onDown: (reason) => {
      fault = reason
      log.warn(`Pushing to ${gateway?.url} fails, it is tried again until it works: ${reason}`)
    },
    onUp: () => {
      fault = undefined
      log.info(`Pushing to ${gateway?.url} works again.`)
    },
    onFailure: metrics.countPushFailure,
  })
  return { queue, pushFault: () => fault }
}
