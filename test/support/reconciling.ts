// A reconciler over runs or logs that a test hands in, with a clock and answers of Kopia that the test sets.

import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Snapshot } from '../../agent/kopia/cli/snapshots.ts'
import { parseRecord } from '../../agent/kopia/log/record.ts'
import { addRecord } from '../../agent/kopia/runs/add-record.ts'
import { noEvidence, type RunEvidence } from '../../agent/kopia/runs/evidence.ts'
import type { FinishedAttempt } from '../../agent/kopia/runs/finished-attempt.ts'
import type { Processes } from '../../agent/kopia/runs/process.ts'
import { type EndedRun, newRun, type OpenRun, type Run } from '../../agent/kopia/runs/run.ts'
import { createRunTracker } from '../../agent/kopia/runs/tracker.ts'
import { formatSource, type Source } from '../../agent/kopia/source.ts'
import { createLedger, emptyLedger, type LedgerData } from '../../agent/ledger/ledger.ts'
import type { SourceState } from '../../agent/ledger/source-state.ts'
import { Reconciler } from '../../agent/reconcile/reconciler.ts'
import { createRepositoryQueries } from '../../agent/reconcile/repository-queries.ts'
import { isInScope } from '../../agent/reconcile/source-filter.ts'
import { createFakeKopia, status } from './fake-kopia.ts'
import { temporaryFolder } from './folder.ts'
import { createLogRecorder } from './log-recorder.ts'
import { makeSnapshot } from './snapshots.ts'

/** Above the largest that Linux gives (pid_max in proc_sys_kernel(5)): nobody has it. */
export const processId = 4_194_305
/** When the runs of these tests begin, in Unix seconds. */
export const begin = Date.parse('2026-11-24T11:36:47Z') / 1000
export const data: Source = { user: 'root', host: 'vm', path: '/data' }
export const mail: Source = { user: 'root', host: 'vm', path: '/mail' }

/** A line of a log, so many seconds after the begin. */
export function lineAt(secondsAfterBegin: number, text: string): string {
  return `${new Date((begin + secondsAfterBegin) * 1000).toISOString()} ${text}`
}

/** Lines of Kopia's logs; `at` is in seconds after the begin. */
export const line = {
  opened: (at: number) => lineAt(at, 'DEBUG kopia/repo [STORAGE] ListBlobs'),
  snapshotting: (at: number, source = data) =>
    lineAt(at, `INFO kopia/cli Snapshotting ${formatSource(source)} ...`),
  created: (at: number, id: string) =>
    lineAt(at, `INFO kopia/cli Created snapshot with root k1 and ID ${id} in 2s`),
  identical: (at: number) =>
    lineAt(
      at,
      'INFO kopia/cli Not saving snapshot because no files have been changed since previous snapshot',
    ),
  maintenance: (at: number) => lineAt(at, 'DEBUG maintenance due for full maintenance cycle'),
  closed: (at: number) => lineAt(at, 'DEBUG kopia/repo [STORAGE] Close'),
  error: (at: number, text: string) => lineAt(at, `ERROR kopia/cli ${text}`),
  startingUpload: (at: number, source = data) =>
    lineAt(at, `DEBUG kopia/server starting upload of ${formatSource(source)}`),
  uploaded: (at: number) =>
    lineAt(at, 'DEBUG uploader snapshotted directory\t{"path":".","dur":"2s","size":1,"errors":0}'),
  createdByServer: (at: number, id: string) => lineAt(at, `DEBUG kopia/server created snapshot ${id}`),
  finished: (at: number, source = data) =>
    lineAt(at, `DEBUG kopia/server finished uploading ${formatSource(source)}`),
  identicalInServer: (at: number) =>
    lineAt(
      at,
      'DEBUG kopia/server Not saving snapshot because no files have been changed since previous snapshot',
    ),
  serverError: (at: number, text: string) => lineAt(at, `ERROR kopia/server ${text}`),
} as const

/** The log of a run that ends well with one snapshot. */
export const goodLog = [line.opened(0), line.snapshotting(0), line.created(2, 'i1'), line.closed(3)] as const

/** Kopia reports both snapshots, and then the repository is gone before it has flushed them. */
export const lostAtFlush = [
  line.opened(0),
  line.snapshotting(0),
  line.created(2, 'i1'),
  line.snapshotting(2, mail),
  line.created(4, 'i2'),
  line.error(5, 'flush error: mkdir /backup: no such file or directory'),
] as const

/** A snapshot that took 2 s, so many seconds after the begin. */
export function snapshotAt(id: string, at: number, source = data): Snapshot {
  return makeSnapshot({ id, source, startedAt: begin + at, endedAt: begin + at + 2 })
}

/** An attempt from before the begin. */
export const failedBefore: FinishedAttempt = {
  source: data,
  outcome: 'failed',
  startedAt: begin - 20,
  endedAt: begin - 10,
  durationSeconds: 10,
  errors: { fatal: 0, ignored: 0 },
}

/** What the counters of a source say. */
export const counters = {
  none: { success: 0, failed: 0, incomplete: 0 },
  oneSuccess: { success: 1, failed: 0, incomplete: 0 },
  oneFailure: { success: 0, failed: 1, incomplete: 0 },
} as const

/** What these lines prove. */
export function evidenceOf(...lines: readonly string[]): RunEvidence {
  return lines.reduce((run, text) => {
    const record = parseRecord(text)
    assert.ok(record, text)
    return addRecord(run, record)
  }, noEvidence)
}

/** A run of which these lines were read and whose process has gone at `endedAt`, in seconds after the begin. */
export function endedRun(
  endedAt: number,
  lines: readonly string[],
  change: Partial<EndedRun> = {},
): EndedRun {
  return { ...openRun(lines, change), state: 'ended', endedAt: begin + endedAt }
}

/** A run of which these lines were read and whose process runs. */
export function openRun(lines: readonly string[], change: Partial<Omit<OpenRun, 'state'>> = {}): OpenRun {
  const evidence = evidenceOf(...lines)
  return {
    ...newRun(processId, 'snapshot-create'),
    readBytes: { 'kopia.0.log': lines.join('\n').length },
    lastSignAt: evidence.newestRecordAt ?? begin,
    evidence,
    preview: evidence,
    ...change,
  }
}

type ReconcilingOptions = {
  readonly runs?: Readonly<Record<string, Run>>
  readonly ledger?: Partial<LedgerData>
  /** Which sources the settings leave in. */
  readonly isChosen?: (source: Source) => boolean
}

/** Creates a reconciler for the repository of `fake-kopia.ts`, which has been asked before and held nothing. */
export async function startReconciling(context: TestContext, options: ReconcilingOptions = {}) {
  const { runs = {}, isChosen = () => true } = options
  const directory = join(await temporaryFolder(context), 'cli-logs')
  await mkdir(directory)
  const stopping = new AbortController()
  const clock = { now: begin }
  const machine = { isAlive: false }
  // The machine started long ago. A run with a process has one while the machine says so.
  const processes: Processes = {
    findWriter: () => undefined,
    findWriterInContainers: () => undefined,
    findLiving: () => undefined,
    livingSince: () => undefined,
    isAlive: () => machine.isAlive,
    bootedAt: () => begin - 24 * 3600,
  }
  const nowSeconds = () => clock.now
  const kopia = createFakeKopia()
  const log = createLogRecorder()
  const counted = { unattributed: 0, unexplained: 0 }
  const ledger = createLedger({
    ...emptyLedger,
    begunAt: begin - 1000,
    isPastRead: true,
    repository: { status, policies: [] },
    ...options.ledger,
  })
  const tracker = createRunTracker({
    directory,
    configurationPath: join(directory, 'repository.config'),
    runs: new Map(Object.entries(runs)),
    nowSeconds,
    processes,
    onFault: (name, error) => assert.fail(`${name}: ${error}`),
  })
  const { signal } = stopping
  const repositoryQueries = createRepositoryQueries({ ledger, kopia, signal, nowSeconds, log })
  const reconciler = new Reconciler({
    ledger,
    tracker,
    repositoryQueries,
    isWanted: (source) => {
      const backedUpAs = ledger.sources.get(formatSource(source))?.backedUpAs
      return isInScope('local', ledger.repository.status, source, backedUpAs) && isChosen(source)
    },
    isWantedHere: isChosen,
    onUnattributed: () => {
      counted.unattributed += 1
    },
    onUnexplained: () => {
      counted.unexplained += 1
    },
    nowSeconds,
    log,
  })
  /** Looks once, as the agent does. */
  const look = async () => {
    await tracker.sweep()
    await tracker.endFinishedRuns()
    reconciler.noteBeginnings()
    const hasFailed = reconciler.noteFailures()
    return (await reconciler.settle()) || hasFailed
  }
  const stateOf = (source: Source): SourceState | undefined => ledger.sources.get(formatSource(source))
  const logOf = (command: string) => join(directory, `kopia-20261124-113647-${processId}-${command}.0.log`)
  return {
    clock,
    machine,
    kopia,
    ledger,
    tracker,
    repositoryQueries,
    reconciler,
    stopping,
    log,
    counted,
    look,
    stateOf,
    logOf,
  }
}
