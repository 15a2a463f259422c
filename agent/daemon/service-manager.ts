// Tells systemd how the service is, through its systemd-notify: sd_notify(3) wants a Unix datagram, which Node can't send.

import { execa } from 'execa'

export type ServiceManager = {
  /** Without a sign of life for so long, the service is killed and started anew; undefined: it waits for ever. */
  readonly watchdogMs: number | undefined
  /** The start is over; `status` is what `systemctl status` shows. */
  readonly ready: (status: string) => Promise<void>
  readonly status: (status: string) => Promise<void>
  /** A sign of life. To be given by the work that is watched, never by a timer alone. */
  readonly alive: () => Promise<void>
  readonly stopping: () => Promise<void>
}

const timeLimitMs = 5000

/**
 * Takes systemd's variables out of `environment`, so that no program started later speaks in the agent's name.
 * Where there is no systemd, all is said to nobody. `onFault` is told once if it can't be said.
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

  // It returns only when systemd has read the message: one from a process that is gone belongs to no service.
  async function notify(...assignments: readonly string[]): Promise<void> {
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

  return {
    watchdogMs: socket === undefined ? undefined : watchdogMs(watchdogUsec, watchdogPid, processId),
    ready: (status) => notify('READY=1', `STATUS=${status}`),
    status: (status) => notify(`STATUS=${status}`),
    alive: () => notify('WATCHDOG=1'),
    stopping: () => notify('STOPPING=1'),
  }
}

/** sd_watchdog_enabled(3): the pid says whom it is meant for. */
function watchdogMs(
  microseconds: string | undefined,
  pid: string | undefined,
  processId: number,
): number | undefined {
  const isForUs = pid === undefined || Number(pid) === processId
  return isForUs && Number(microseconds) > 0 ? Number(microseconds) / 1000 : undefined
}
