// Names of Kopia's log files: kopia-<YYYYMMDD>-<HHMMSS>-<pid>-<command>.<segment>.log

export type SegmentName = {
  readonly fileName: string
  /** All segments of one process share it: `<YYYYMMDD>-<HHMMSS>-<pid>-<command>`. */
  readonly runId: string
  readonly processId: number
  /** As in the file's name, words joined by a dash: `snapshot-create`. */
  readonly command: string
  readonly segment: number
}

const pattern = /^kopia-(\d{8}-\d{6}-(\d{1,10})-([\w-]{1,100}))\.(\d{1,6})\.log$/

/** Reads a file name (no directory); undefined where it is no log segment of Kopia's. */
export function parseSegmentName(fileName: string): SegmentName | undefined {
  const [, runId, processId, command, segment] = pattern.exec(fileName) ?? []
  if (runId === undefined || command === undefined) return undefined
  return { fileName, runId, processId: Number(processId), command, segment: Number(segment) }
}

/** Runs in the order in which they began, their segments in the order in which they were written. */
export function compareSegments(one: SegmentName, other: SegmentName): number {
  if (one.runId !== other.runId) return one.runId < other.runId ? -1 : 1
  return one.segment - other.segment
}
