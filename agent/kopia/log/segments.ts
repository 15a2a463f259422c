// Lists the log segments in cli-logs that the agent reads.

import { readdir } from 'node:fs/promises'
import { hasCode } from '../../util/files.ts'
import { compareSegments, parseSegmentName, type SegmentName } from './segment-name.ts'

/** Commands that take snapshots, and commands that show whether snapshots can be read back. */
const trackedCommands: ReadonlySet<string> = new Set([
  'snapshot-create',
  'server-start',
  'snapshot-verify',
  'snapshot-restore',
  'restore',
  'maintenance-run',
])

/** Parses a file name without its directory; undefined if it is not a log segment that the agent reads. */
export function parseTrackedName(fileName: string): SegmentName | undefined {
  const name = parseSegmentName(fileName)
  return name !== undefined && trackedCommands.has(name.command) ? name : undefined
}

/** All segments that the agent reads, in the order in which Kopia wrote them; none if the directory does not exist. */
export function listSegments(directory: string): Promise<readonly SegmentName[]> {
  return listNamed(directory, '')
}

/** The segments of one run. Does not parse the names of the other segments, of which there can be a thousand. */
export function listSegmentsOf(directory: string, runId: string): Promise<readonly SegmentName[]> {
  return listNamed(directory, `kopia-${runId}.`)
}

async function listNamed(directory: string, prefix: string): Promise<readonly SegmentName[]> {
  try {
    const fileNames = (await readdir(directory)).filter((fileName) => fileName.startsWith(prefix))
    const names = fileNames.map(parseTrackedName)
    return names.filter((name) => name !== undefined).sort(compareSegments)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  }
}
