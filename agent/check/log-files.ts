// Lists Kopia's log files with the time that each one covers.

import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { hasDebugLine, isOfBackupCommand, isOfServer } from '../kopia/log/backup-logs.ts'
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
  /** False for a server whose file log level is above debug. */
  readonly tellsOfBackups: boolean
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
  const path = join(cliLogs, name.fileName)
  const stats = await stat(path).catch(() => undefined)
  if (stats === undefined) return undefined
  const born = stats.birthtimeMs > 0 ? stats.birthtimeMs / 1000 : Number.POSITIVE_INFINITY
  return {
    name,
    begunAt: Math.min(timeInName(name), born),
    grewAt: stats.mtimeMs / 1000,
    sizeBytes: stats.size,
    isOpen: processes.findWriter(name.processId, name.runId) !== undefined,
    // An empty one shows no level: it has just begun, or the disk is full.
    tellsOfBackups: !isOfServer(name) || stats.size === 0 || hasDebugLine(await beginningOf(path)),
  }
}

/** UTC, or the local time with `--file-log-local-tz` (internal/logfile/logfile.go). */
function timeInName({ runId }: SegmentName): number {
  const [, year = '', month, day, hours, minutes, seconds] =
    /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-/.exec(runId) ?? []
  return Date.parse(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}Z`) / 1000
}

const beginningBytes = 65_536

async function beginningOf(path: string): Promise<string> {
  const file = await open(path).catch(() => undefined)
  if (file === undefined) return ''
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(beginningBytes), 0, beginningBytes, 0)
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await file.close()
  }
}

/** Whether the log is of a command that makes backups, and tells of them. */
export function isBackupLog({ name, tellsOfBackups }: LogFile): boolean {
  return tellsOfBackups && isOfBackupCommand(name)
}

/** Whether a server runs whose log does not tell of its backups. */
export function isBlindServer({ isOpen, tellsOfBackups }: LogFile): boolean {
  return isOpen && !tellsOfBackups
}

/** Whether the log was written at this time (Unix seconds). A server that is open but has nothing to write covers it, too. */
export function covers({ name, begunAt, grewAt, isOpen }: LogFile, time: number): boolean {
  const isOpenServer = isOpen && isOfServer(name)
  return begunAt <= time + coarseSeconds && (grewAt >= time - coarseSeconds || isOpenServer)
}

/** Some file systems keep whole or even seconds only. */
const coarseSeconds = 2
