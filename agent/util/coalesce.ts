// Runs a task one run at a time, and no more often than needed.

export type Coalesced = {
  /** Resolves when a run that began after the call has ended; rejects where that run rejects. */
  (): Promise<void>
  /** Resolves when no run is under way. Never rejects. */
  readonly idle: () => Promise<void>
}

/** A function that runs `task`, one run at a time: calls during a run make one more run, however many they are. */
export function coalesce(task: () => Promise<void>): Coalesced {
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined

  function begin(): Promise<void> {
    next = undefined
    running = task().finally(() => {
      running = undefined
    })
    return running
  }

  function run(): Promise<void> {
    // The next run begins a moment after the running one has ended: a call in between belongs to it, too.
    if (next === undefined && running === undefined) return begin()
    next ??= running?.then(begin, begin) ?? begin()
    return next
  }

  async function idle(): Promise<void> {
    while (running !== undefined || next !== undefined) await (next ?? running)?.catch(() => undefined)
  }

  return Object.assign(run, { idle })
}
