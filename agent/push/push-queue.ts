// Runs one push at a time, and tries again after a failure. Each push sends the metrics of its own time.

import type { PushResult } from './pushgateway.ts'
import { retryWaitMs } from './retry.ts'

type PushQueueOptions = {
  /** Sends the current metrics; `signal` aborts it. */
  readonly send: (signal: AbortSignal) => Promise<PushResult>
  readonly random: () => number
  /** Called when pushes begin to fail or the reason changes, not for each try. */
  readonly onDown: (reason: string) => void
  readonly onUp: () => void
  readonly onFailure: () => void
}

type PushQueue = {
  /** Starts a push. During a push, any number of requests cause one more. */
  readonly request: () => void
  /** Makes one last push. Resolves after it, within 4 s. */
  readonly stop: () => Promise<void>
}

/** The time limit of the push under way, and of the last push, while the agent stops. */
const stopLimitMs = 2000

/** Creates a queue that is idle until the first request. */
export function createPushQueue(options: PushQueueOptions): PushQueue {
  let wanted = false
  let stopped = false
  let failures = 0
  let lastReason: string | undefined
  let underWay: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  const underWayAbort = new AbortController()

  function request(): void {
    wanted = true
    if (stopped || underWay !== undefined || timer !== undefined) return
    underWay = pushAll(underWayAbort.signal).finally(() => {
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
    const stopTimer = setTimeout(() => underWayAbort.abort(), stopLimitMs)
    await underWay
    clearTimeout(stopTimer)
    wanted = true
    await pushAll(AbortSignal.timeout(stopLimitMs))
  }

  return { request, stop }
}

/** Compare refusals by status: the text of the same refusal differs from time to time. */
function kindOf(reason: string): string {
  return /^it answered \d+/.exec(reason)?.[0] ?? reason
}
