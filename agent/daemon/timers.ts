// Timers that end with a signal: nothing begins after a stop.

/** Calls `task` every `intervalMs` until the signal is aborted. */
export function every(intervalMs: number, signal: AbortSignal, task: () => void): void {
  if (signal.aborted) return
  const timer = setInterval(task, intervalMs)
  signal.addEventListener('abort', () => clearInterval(timer), { once: true })
}

export type Alarm = {
  /** Calls the task once after `delayMs`, in place of an earlier call that is still to come. */
  readonly set: (delayMs: number) => void
  readonly clear: () => void
}

/** An alarm that can be set again and again until the signal is aborted. */
export function createAlarm(signal: AbortSignal, task: () => void): Alarm {
  let timer: NodeJS.Timeout | undefined
  const clear = () => clearTimeout(timer)
  signal.addEventListener('abort', clear, { once: true })
  return {
    set: (delayMs) => {
      clear()
      if (!signal.aborted) timer = setTimeout(task, delayMs)
    },
    clear,
  }
}

/** Resolves after `delayMs`, or as soon as the signal is aborted. */
export function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = setTimeout(end, delayMs)
    signal.addEventListener('abort', end, { once: true })
    function end(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
  })
}

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
