// Tells systemd the state of the service by systemd-notify: sd_notify(3) needs a Unix datagram socket, which Node lacks.

import { execa } from 'execa'

export type ServiceManager = {
  /** systemd restarts the service after this time without a sign of life; undefined where it sets no limit. */
  readonly watchdogMs: number | undefined
  /** Reports that the start is over; `systemctl status` shows `status`. */
  readonly ready: (status: string) => Promise<void>
  readonly status: (status: string) => Promise<void>
  /** Gives a sign of life. The watched work must call it, never a timer alone. */
  readonly alive: () => Promise<void>
  readonly stopping: () => Promise<void>
}

const timeLimitMs = 5000

/**
 * Removes systemd's variables from `environment`, so that no program that is started later speaks for the agent. Without
 * systemd every message is dropped. No function rejects; `onFault` is called once, for the first message that fails.
 */
export function takeServiceManager(
  environment: NodeJS.ProcessEnv,
  processId: number,
  onFault: (reason: string) => void,
): ServiceManager {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: watchdogUsec, WATCHDOG_PID: watchdogPid } = environment
  delete environment.NOTIFY_SOCKET
  delete environment.WATCHDOG_USEC
  delete environment.WATCHDOG_PID
  let hasFailed = false
  let isStopping = false
  let last: Promise<void> = Promise.resolve()

  // systemd-notify returns only after systemd has read the message: systemd ignores one of a process that has ended.
  async function send(assignments: readonly string[]): Promise<void> {
    if (socket === undefined) return
    const result = await execa('systemd-notify', assignments, {
      env: { NOTIFY_SOCKET: socket },
      reject: false,
      timeout: timeLimitMs,
    })
    if (!result.failed || hasFailed) return
    hasFailed = true
    onFault(result.stderr || (result.originalMessage ?? result.shortMessage ?? 'it failed'))
  }

  /** One after the other: two processes at a time could be heard in the wrong order. */
  function notify(...assignments: readonly string[]): Promise<void> {
    last = last.then(() => send(assignments))
    return last
  }

  return {
    watchdogMs: socket === undefined ? undefined : watchdogMs(watchdogUsec, watchdogPid, processId),
    ready: (status) => notify('READY=1', `STATUS=${status}`),
    status: (status) => notify(`STATUS=${status}`),
    // A service that stops is not watched any more (systemd, service_enter_stop_by_notify).
    alive: () => (isStopping ? last : notify('WATCHDOG=1')),
    stopping: () => {
      isStopping = true
      return notify('STOPPING=1')
    },
  }
}

/** WATCHDOG_PID names the process that the limit is meant for (sd_watchdog_enabled(3)). */
function watchdogMs(
  microseconds: string | undefined,
  pid: string | undefined,
  processId: number,
): number | undefined {
  const isForUs = pid === undefined || Number(pid) === processId
  return isForUs && Number(microseconds) > 0 ? Number(microseconds) / 1000 : undefined
}
