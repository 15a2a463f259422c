// A tracker over a temporary log folder, with a clock that the test sets.

import assert from 'node:assert/strict'
import { appendFile, mkdir, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { machineProcesses, type Processes } from '../../agent/kopia/runs/process.ts'
import type { OpenRun } from '../../agent/kopia/runs/run.ts'
import { createRunTracker, type RunTracker, type RunTrackerOptions } from '../../agent/kopia/runs/tracker.ts'
import { temporaryFolder } from './folder.ts'

/** Larger than any pid on Linux (pid_max in proc_sys_kernel(5)), so no process has it. */
export const processId = 4_194_305
export const runId = `20261124-113623-${processId}-snapshot-create`
export const fileName = `kopia-${runId}.0.log`
export const startOfLog = Date.parse('2026-11-24T11:36:47Z') / 1000

/** The processes of this machine, as if it had been started long before the log was written. */
export const processesOfLog: Processes = { ...machineProcesses, bootedAt: () => startOfLog - 24 * 3600 }

export type Tracking = {
  readonly tracker: RunTracker
  readonly directory: string
  readonly clock: { now: number }
  /** What the tracker reported, oldest first. */
  readonly reports: readonly string[]
  /** Appends a line of the command to the log. The modification time becomes `writtenAt`, by default now. */
  readonly write: (message: string, writtenAt?: number) => Promise<void>
  /** The same with the level and the logger of the line: `DEBUG kopia/repo [STORAGE] Close`. */
  readonly writeRecord: (record: string, writtenAt?: number) => Promise<void>
  readonly openRun: () => OpenRun
}

/** Creates a tracker over an empty folder. */
export async function startTracking(
  context: TestContext,
  options: Partial<RunTrackerOptions> = {},
): Promise<Tracking> {
  const directory = join(await temporaryFolder(context), 'cli-logs')
  await mkdir(directory)
  const clock = { now: startOfLog }
  const reports: string[] = []
  const tracker = createRunTracker({
    directory,
    configurationPath: join(directory, 'repository.config'),
    runs: new Map(),
    processes: processesOfLog,
    nowSeconds: () => clock.now,
    onFault: (name, error) => {
      const code = error instanceof Error && 'code' in error ? error.code : error
      reports.push(`${shorten(name)}: ${code}`)
    },
    onRecovered: (name) => {
      reports.push(`${shorten(name)}: recovered`)
    },
    ...options,
  })
  const shorten = (name: string) => (name === directory ? 'directory' : name)

  async function writeRecord(record: string, writtenAt = clock.now): Promise<void> {
    const time = new Date(clock.now * 1000).toISOString()
    await appendFile(join(directory, fileName), `${time} ${record}\n`)
    await utimes(join(directory, fileName), writtenAt, writtenAt)
  }

  const write = (message: string, writtenAt?: number) => writeRecord(`INFO kopia/cli ${message}`, writtenAt)

  function openRun(): OpenRun {
    const run = tracker.runs.get(runId)
    assert.ok(run?.state === 'open', `the run is ${run?.state ?? 'not known'}`)
    return run
  }

  return { tracker, directory, clock, reports, write, writeRecord, openRun }
}
