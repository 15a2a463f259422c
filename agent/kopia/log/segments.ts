// The log segments that matter in cli-logs.

import { readdir } from 'node:fs/promises'
import { hasCode } from '../../util/files.ts'
import { compareSegments, parseSegmentName, type SegmentName } from './segment-name.ts'

/** The commands whose runs matter: those that take snapshots, and those that show whether snapshots are any good. */
const trackedCommands: ReadonlySet<string> = new Set([
  'snapshot-create',
  'server-start',
  'snapshot-verify',
  'snapshot-restore',
  'restore',
  'maintenance-run',
])

/** Reads a file name (no directory); undefined where it is no log segment of a command that matters. */
export function parseTrackedName(fileName: string): SegmentName | undefined {
  const name = parseSegmentName(fileName)
  return name !== undefined && trackedCommands.has(name.command) ? name : undefined
}

/** The segments of the runs that matter, in the order in which they were written; none where there is no directory yet. */
export function listSegments(directory: string): Promise<readonly SegmentName[]> {
  return listNamed(directory, '')
}

/** Those of one run: a thousand other names are not read for it. */
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
