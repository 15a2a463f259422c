// What happens on one machine, and when.

/** Things to do in the order of their times; those of the same time in the order in which they were entered. */
export type Agenda = {
  readonly enter: (time: number, act: () => void) => void
  /** Does everything, and calls `after` behind all that is done at one time. */
  readonly live: (after: (time: number) => void) => void
}

/** An empty one. */
export function createAgenda(): Agenda {
  const entries: { readonly time: number; readonly act: () => void }[] = []
  return {
    enter: (time, act) => {
      entries.push({ time, act })
    },
    live: (after) => {
      const ordered = entries.toSorted((one, other) => one.time - other.time)
      for (const [index, { time, act }] of ordered.entries()) {
        act()
        if (ordered[index + 1]?.time !== time) after(time)
      }
    },
  }
}
