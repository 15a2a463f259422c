// Reports each fault of a log file once, until it changes or passes: files are read again several times a second.

type ReadFaultOptions = {
  readonly onFault: (fileName: string, error: unknown) => void
  readonly onRecovered: (fileName: string) => void
}

export type ReadFaults = {
  readonly report: (fileName: string, error: unknown) => void
  /** The file was read: its fault has passed. */
  readonly recover: (fileName: string) => void
  /** Forgets the faults of other files, without reporting that they passed. */
  readonly retain: (isRead: (fileName: string) => boolean) => void
}

/** Creates the memory of the faults that were reported. */
export function createReadFaults({ onFault, onRecovered }: ReadFaultOptions): ReadFaults {
  const reported = new Map<string, string>()
  return {
    report: (fileName, error) => {
      const text = String(error)
      if (reported.get(fileName) === text) return
      reported.set(fileName, text)
      onFault(fileName, error)
    },
    recover: (fileName) => {
      if (reported.delete(fileName)) onRecovered(fileName)
    },
    retain: (isRead) => {
      for (const fileName of reported.keys()) if (!isRead(fileName)) reported.delete(fileName)
    },
  }
}
