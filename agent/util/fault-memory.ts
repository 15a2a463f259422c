// Remembers which faults were reported, so that each is reported once until it changes or passes, not at each try.

type FaultListener = {
  readonly onFault: (name: string, error: unknown) => void
  readonly onRecovered: (name: string) => void
}

/** A name says what has failed: a file, or a task. */
export type FaultMemory = {
  readonly report: (name: string, error: unknown) => void
  /** It worked: its fault has passed. */
  readonly recover: (name: string) => void
  /** Forgets the faults of other names, without reporting that they passed. */
  readonly retain: (isKnown: (name: string) => boolean) => void
}

/** Creates a memory without faults. */
export function createFaultMemory({ onFault, onRecovered }: FaultListener): FaultMemory {
  const reported = new Map<string, string>()
  return {
    report: (name, error) => {
      const text = String(error)
      if (reported.get(name) === text) return
      reported.set(name, text)
      onFault(name, error)
    },
    recover: (name) => {
      if (reported.delete(name)) onRecovered(name)
    },
    retain: (isKnown) => {
      for (const name of reported.keys()) if (!isKnown(name)) reported.delete(name)
    },
  }
}
