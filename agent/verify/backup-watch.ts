// Keeps verifications out of the way of backups: they wait until none runs, and end when one begins.

import { setTimeout as sleep } from 'node:timers/promises'

/** Whether Kopia backs up something on this machine now. */
export type IsBackupRunning = () => boolean | Promise<boolean>

export type BackupWatch = {
  /** Resolves once no backup runs, or the signal is aborted. */
  readonly quiet: () => Promise<void>
  /**
   * Runs the task with a signal that is aborted when a backup begins. Resolves with what the task does; rejects, after the task has
   * ended, where it can't be told whether a backup runs.
   */
  readonly whileQuiet: <T>(task: (signal: AbortSignal) => Promise<T>) => Promise<T>
}

type WatchOptions = {
  readonly isBackupRunning: IsBackupRunning
  readonly signal: AbortSignal
  /** Called when a wait begins. */
  readonly onWait: () => void
  readonly intervalMs?: number
}

const usualIntervalMs = 500

/** Watches until the signal is aborted. */
export function createBackupWatch(options: WatchOptions): BackupWatch {
  const { isBackupRunning, signal, onWait, intervalMs = usualIntervalMs } = options
  const pause = (until: AbortSignal) => sleep(intervalMs, undefined, { signal: until }).catch(() => undefined)

  async function quiet(): Promise<void> {
    let isWaiting = false
    while (!signal.aborted && (await isBackupRunning())) {
      if (!isWaiting) onWait()
      isWaiting = true
      await pause(signal)
    }
  }

  async function whileQuiet<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const ended = new AbortController()
    const backup = new AbortController()
    const watching = watchUntil(AbortSignal.any([signal, ended.signal]), backup)
    const working = task(AbortSignal.any([signal, backup.signal])).finally(() => ended.abort())
    // Both are awaited to their end: a watch that fails must not leave the task alone, nor be a rejection that nobody handles.
    const [watched, worked] = await Promise.allSettled([watching, working])
    if (watched.status === 'rejected') throw watched.reason
    if (worked.status === 'rejected') throw worked.reason
    return worked.value
  }

  async function watchUntil(end: AbortSignal, backup: AbortController): Promise<void> {
    try {
      while (!end.aborted && !backup.signal.aborted) {
        if (await isBackupRunning()) backup.abort()
        else await pause(end)
      }
    } catch (error) {
      // Who can't see whether a backup runs must not disturb one.
      backup.abort()
      throw error
    }
  }

  return { quiet, whileQuiet }
}
