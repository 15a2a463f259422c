// Reports what fails again and again once, not at every try.

export type FaultListener = {
  /** Called once for a fault, when it appears. */
  readonly onFault: (reason: string) => void
  /** Called once when no fault is left. */
  readonly onRecovered: () => void
}

/** Takes the faults of each try of a task; the key of a fault stays the same while the fault does. */
export type ReportFaults = (task: string, faults: ReadonlyMap<string, string>) => void

/** Compares the faults of each try with those before it, over all tasks, and calls the listener for what has changed. */
export function createFaultReporter(listener: FaultListener): ReportFaults {
  const keysByTask = new Map<string, readonly string[]>()
  return (task, faults) => {
    const before = new Set([...keysByTask.values()].flat())
    for (const [key, reason] of faults) if (!before.has(key)) listener.onFault(reason)
    keysByTask.set(task, [...faults.keys()])
    const isFaultLeft = [...keysByTask.values()].some((keys) => keys.length > 0)
    if (before.size > 0 && !isFaultLeft) listener.onRecovered()
  }
}

/** The key of an error of the system: the call and its code, such as `open EMFILE`, without the file that it names. */
export function keyOfFault(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const syscall = 'syscall' in error ? `${error.syscall} ` : ''
  return 'code' in error ? `${syscall}${error.code}` : error.message
}
