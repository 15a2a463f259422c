// The events of one simulated machine, in the order of time.

/** Events run in the order of their times; events of the same time run in the order in which they were added. */
export type EventQueue = {
  readonly add: (time: number, event: () => void) => void
  /** Runs all events, and calls `after` once per time, after the last event of that time. */
  readonly run: (after: (time: number) => void) => void
}

/** Creates an empty queue. */
export function createEventQueue(): EventQueue {
  const entries: { readonly time: number; readonly event: () => void }[] = []
  return {
    add: (time, event) => {
      entries.push({ time, event })
    },
    run: (after) => {
      const ordered = entries.toSorted((one, other) => one.time - other.time)
      for (const [index, { time, event }] of ordered.entries()) {
        event()
        if (ordered[index + 1]?.time !== time) after(time)
      }
    },
  }
}
