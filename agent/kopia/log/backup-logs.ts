// Tells which of Kopia's logs tell of backups.

import { parseRecord } from './record.ts'
import type { SegmentName } from './segment-name.ts'

/** Whether the log is of a command that makes backups. */
export function isOfBackupCommand({ command }: SegmentName): boolean {
  return command === 'snapshot-create' || isOfServer({ command })
}

/** Whether the log is of a server. */
export function isOfServer({ command }: Pick<SegmentName, 'command'>): boolean {
  return command === 'server-start'
}

/**
 * Whether a server with this text at the begin of its log tells of its backups. It has a line of level DEBUG at its start, and soon in each
 * later segment. At file log level `info` it logs nothing of a good backup, and no source of a bad one.
 */
export function hasDebugLine(text: string): boolean {
  return text.split('\n').some((line) => parseRecord(line)?.level === 'DEBUG')
}
