// Where the picture goes: into a textfile, and to a gateway, which may be down for a while.

import type { MetricsRegistry } from '../metrics/registry.ts'
import { createPusher, type Pusher } from '../push/push-queue.ts'
import { type PushResult, push } from '../push/pushgateway.ts'
import { writeTextfile } from '../push/textfile.ts'
import type { Settings } from '../settings/settings.ts'
import type { Log } from '../util/log.ts'

export type Outlets = Pick<Pusher, 'request' | 'stop'> & {
  /** Sends the picture once, and does not try again. */
  readonly publish: (signal: AbortSignal) => Promise<PushResult>
  /** Why pushing fails now; undefined while it works. */
  readonly fault: () => string | undefined
}

export type OutletsOptions = {
  readonly settings: Pick<Settings, 'gateway' | 'instance' | 'textfile'>
  readonly metrics: Pick<MetricsRegistry, 'text' | 'contentType' | 'countPushFailure'>
  /** In [0, 1). */
  readonly random: () => number
  readonly log: Log
}

export function createOutlets({ settings, metrics, random, log }: OutletsOptions): Outlets {
  const { gateway, instance, textfile } = settings
  let fault: string | undefined
  const pusher = createPusher({
    send: publish,
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

  async function publish(signal: AbortSignal): Promise<PushResult> {
    if (textfile !== undefined) {
      await writeTextfile(textfile, metrics.text()).catch((error: unknown) =>
        log.error(`The textfile ${textfile} can't be written: ${error}`),
      )
    }
    if (gateway === undefined) return { ok: true }
    return push({ ...gateway, instance }, metrics.text(), metrics.contentType, signal)
  }

  return {
    publish,
    request: pusher.request,
    stop: pusher.stop,
    fault: () => fault,
  }
}
