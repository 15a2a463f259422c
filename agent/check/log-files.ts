// Lists Kopia's log files with the time that each one covers.

import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { parseSegmentName, type SegmentName } from '../kopia/log/segment-name.ts'
import { processesForLogs } from '../kopia/runs/log-machine.ts'
import type { Processes } from '../kopia/runs/process.ts'

/** Times in Unix seconds. */
export type LogFile = {
  readonly name: SegmentName
  readonly begunAt: number
  /** When it last grew. */
  readonly grewAt: number
  readonly sizeBytes: number
  /** Whether a process that can be seen holds it open. */
  readonly isOpen: boolean
}

/** Reads the folder `cliLogs`; none where it is missing or closed to this user. Files that vanish meanwhile are left out. */
export async function readLogFiles(cliLogs: string): Promise<readonly LogFile[]> {
  const fileNames = await readdir(cliLogs).catch(() => [])
  const names = fileNames.map(parseSegmentName).filter((name) => name !== undefined)
  const processes = processesForLogs(cliLogs)
  const files = await Promise.all(names.map((name) => readLogFile(cliLogs, name, processes)))
  return files.filter((file) => file !== undefined)
}

async function readLogFile(
  cliLogs: string,
  name: SegmentName,
  processes: Processes,
): Promise<LogFile | undefined> {
  const stats = await stat(join(cliLogs, name.fileName)).catch(() => undefined)
  if (stats === undefined) return undefined
  const born = stats.birthtimeMs > 0 ? stats.birthtimeMs / 1000 : Number.POSITIVE_INFINITY
  return {
    name,
    begunAt: Math.min(timeInName(name), born),
    grewAt: stats.mtimeMs / 1000,
    sizeBytes: stats.size,
    isOpen: processes.findWriter(name.processId, name.runId) !== undefined,
  }
}

/** UTC, or the local time with `--file-log-local-tz` (internal/logfile/logfile.go). */
function timeInName({ runId }: SegmentName): number {
  const [, year = '', month, day, hours, minutes, seconds] =
    /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-/.exec(runId) ?? []
  return Date.parse(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}Z`) / 1000
}

/** Whether the log is of a command that makes backups. */
export function isBackupLog({ name }: LogFile): boolean {
  return name.command === 'snapshot-create' || name.command === 'server-start'
}

/** Whether the log was written at this time (Unix seconds). A server that is open but has nothing to write covers it, too. */
export function covers({ name, begunAt, grewAt, isOpen }: LogFile, time: number): boolean {
  const isOpenServer = isOpen && name.command === 'server-start'
  return begunAt <= time + coarseSeconds && (grewAt >= time - coarseSeconds || isOpenServer)
}

/** Some file systems keep whole or even seconds only. */
const coarseSeconds = 2
