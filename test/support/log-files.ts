// A log file of Kopia as `check` lists it, with only what a test is about.

import type { LogFile } from '../../agent/check/log-files.ts'

type Given = Partial<Omit<LogFile, 'name'>> & { readonly command?: string; readonly pid?: number }

/** A log of `snapshot create`, 100 bytes long and closed, unless the test says otherwise. */
export function logFile({ command = 'snapshot-create', pid = 42, ...given }: Given = {}): LogFile {
  const runId = `20270101-000000-${pid}-${command}`
  return {
    name: { fileName: `kopia-${runId}.0.log`, runId, processId: pid, command, segment: 0 },
    begunAt: 0,
    grewAt: 0,
    sizeBytes: 100,
    isOpen: false,
    tellsOfBackups: true,
    ...given,
  }
}
