// Pushes when asked to, one push at a time, and again after a failure. Each sends the picture of its moment.

import type { PushResult } from './pushgateway.ts'
import { retryWaitMs } from './retry.ts'

export type PushQueueOptions = {
  /** Sends the newest picture, and gives up when `signal` says so. */
  readonly send: (signal: AbortSignal) => Promise<PushResult>
  readonly random: () => number
  /** Told at each change only, not at each try. */
  readonly onDown: (reason: string) => void
  readonly onUp: () => void
  readonly onFailure: () => void
}

export type PushQueue = {
  /** Has the newest picture pushed soon. While one push is under way, any number of requests make one more. */
  readonly request: () => void
  /** One last push, then none. Resolves when it is through, after 4 s at the latest. */
  readonly stop: () => Promise<void>
}

/** How long the push under way, and then the last one, may take while the agent stops. */
const patienceMs = 2000

/** Creates a pusher that is idle until the first request. */
export function createPushQueue(options: PushQueueOptions): PushQueue {
  let wanted = false
  let stopped = false
  let failures = 0
  let lastReason: string | undefined
  let underWay: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  const unhurried = new AbortController()

  function request(): void {
    wanted = true
    if (stopped || underWay !== undefined || timer !== undefined) return
    underWay = pushAll(unhurried.signal).finally(() => {
      underWay = undefined
    })
  }

  async function pushAll(signal: AbortSignal): Promise<void> {
    while (wanted && timer === undefined) {
      wanted = false
      const result = await options.send(signal)
      if (result.ok) noteSuccess()
      else noteFailure(result.reason)
    }
  }

  function noteSuccess(): void {
    failures = 0
    if (lastReason !== undefined) options.onUp()
    lastReason = undefined
  }

  function noteFailure(reason: string): void {
    failures += 1
    options.onFailure()
    if (lastReason === undefined || kindOf(reason) !== kindOf(lastReason)) options.onDown(reason)
    lastReason = reason
    wanted = true
    if (stopped) wanted = false
    else timer = setTimeout(retry, retryWaitMs(failures, options.random()))
  }

  function retry(): void {
    timer = undefined
    request()
  }

  async function stop(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    stopped = true
    const impatience = setTimeout(() => unhurried.abort(), patienceMs)
    await underWay
    clearTimeout(impatience)
    wanted = true
    await pushAll(AbortSignal.timeout(patienceMs))
  }

  return { request, stop }
}

/** The gateway words the same refusal differently each time: its status is what counts. */
function kindOf(reason: string): string {
  return /^it answered \d+/.exec(reason)?.[0] ?? reason
}
