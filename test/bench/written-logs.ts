// Writes the logs and hook events of any number of failed backups, copied from those of one real backup that failed early.

import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { KopiaLab } from '../support/kopia.ts'

export type LogWriter = {
  /** Writes so many more runs, with an event each if there is a spool, and removes the oldest logs beyond 1,000. */
  readonly write: (count: number) => Promise<void>
}

/** Kopia's own limit on the number of log files. */
const mostFiles = 1000
const firstProcessId = 5_000_000
const firstRunAt = Date.UTC(2026, 0, 1)

/** Lets a real backup of `path` fail, takes its logs as a pattern, and removes them. */
export async function createLogWriter(
  kopia: KopiaLab,
  path: string,
  folders: { readonly cliLogs: string; readonly spool?: string },
): Promise<LogWriter> {
  await kopia.must('policy', 'set', path, '--before-snapshot-root-action=/bin/false')
  await kopia.run('snapshot', 'create', path)
  const segments = await takeLogs(join(kopia.logDirectory, 'cli-logs'))
  await mkdir(folders.cliLogs, { recursive: true })
  const written: string[] = []
  let runs = 0

  async function writeRun(): Promise<void> {
    const processId = firstProcessId + runs
    const [date = '', time = ''] = new Date(firstRunAt + runs * 1000).toISOString().split(/[T.]/)
    runs += 1
    const runName = `kopia-${date.replaceAll('-', '')}-${time.replaceAll(':', '')}-${processId}-snapshot-create`
    if (folders.spool !== undefined) await writeEvent(folders.spool, path, processId)
    for (const [number, text] of segments.entries()) {
      const file = join(folders.cliLogs, `${runName}.${number}.log`)
      await writeFile(file, text)
      written.push(file)
    }
  }

  return {
    write: async (count) => {
      for (let number = 0; number < count; number += 1) await writeRun()
      for (const file of written.splice(0, Math.max(0, written.length - mostFiles))) await rm(file)
    },
  }
}

async function takeLogs(cliLogs: string): Promise<readonly string[]> {
  const names = (await readdir(cliLogs)).filter((name) => name.includes('-snapshot-create.')).sort()
  const texts = await Promise.all(names.map((name) => readFile(join(cliLogs, name), 'utf8')))
  if (texts.length !== 2) throw new Error(`expected two segments of a failed run, found ${names.join(', ')}`)
  for (const name of await readdir(cliLogs)) await rm(join(cliLogs, name))
  return texts
}

/** Writes an event as hooks/record-event.sh does. */
async function writeEvent(spool: string, path: string, processId: number): Promise<void> {
  const entries = {
    KOPIA_ACTION: 'before-snapshot-root',
    KOPIA_SNAPSHOT_ID: processId.toString(16),
    KOPIA_SOURCE_PATH: path,
    PARENT_PID: String(processId),
    PHASE: 'call',
    ACTION_EXIT_CODE: '',
  }
  const text = Object.entries(entries).map(([name, value]) => `${name}=${value}\0`)
  await writeFile(join(spool, `${processId}.event`), text.join(''))
}
