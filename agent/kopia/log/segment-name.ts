// Parses the names of Kopia's log files: kopia-<YYYYMMDD>-<HHMMSS>-<pid>-<command>.<segment>.log

export type SegmentName = {
  readonly fileName: string
  /** `<YYYYMMDD>-<HHMMSS>-<pid>-<command>`: the same for all segments of one process. */
  readonly runId: string
  readonly processId: number
  /** As in the file name, with dashes between the words: `snapshot-create`. */
  readonly command: string
  readonly segment: number
}

const pattern = /^kopia-(\d{8}-\d{6}-(\d{1,10})-([\w-]{1,100}))\.(\d{1,6})\.log$/

/** Parses a file name without its directory; undefined if it does not name a log segment of Kopia. */
export function parseSegmentName(fileName: string): SegmentName | undefined {
  const [, runId, processId, command, segment] = pattern.exec(fileName) ?? []
  if (runId === undefined || command === undefined) return undefined
  return { fileName, runId, processId: Number(processId), command, segment: Number(segment) }
}

/** Sorts runs by the time of their start, and the segments of a run in the order in which Kopia wrote them. */
export function compareSegments(one: SegmentName, other: SegmentName): number {
  if (one.runId !== other.runId) return one.runId < other.runId ? -1 : 1
  return one.segment - other.segment
}
