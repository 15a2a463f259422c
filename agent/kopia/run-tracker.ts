// Follows all runs in cli-logs: reads what each segment has new, and notices when a run has ended.

import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Scan, scan, scanToEnd } from './log-scan.ts'
import { isAlive } from './process.ts'
import { addRecord, isNearItsEnd, noEvidence, type RunEvidence } from './run.ts'
import { compareSegments, parseSegmentName, type SegmentName } from './segment-name.ts'

/** What a hook told: times in Unix seconds; `callId` is shared by the before and after call of one attempt. */
export type HookCall = {
  readonly action: 'before' | 'after'
  readonly callId: string
  readonly path: string
  readonly processId: number
  readonly at: number
}

export type OpenRun = {
  readonly state: 'open'
  readonly processId: number
  readonly command: string
  /** Once seen alive, a process that is gone has ended. Never seen, it may live where we can't see it. */
  readonly seenAlive: boolean
  /** Bytes read of each segment, by file name; whole records only. */
  readonly readBytes: Readonly<Record<string, number>>
  readonly evidence: RunEvidence
  readonly hookCalls: readonly HookCall[]
  /** Unix seconds of the last sign of life: a write to the log, a call of a hook. */
  readonly lastSignAt: number
}

/** Over, but the repository has not been asked yet how it went. */
export type EndedRun = Omit<OpenRun, 'state'> & { readonly state: 'ended'; readonly endedAt: number }

/** Counted. Kept while its log lies there, so that it is not counted again. Times in Unix seconds. */
export type SettledRun = {
  readonly state: 'settled'
  readonly processId: number
  readonly startedAt: number
  readonly endedAt: number
}

export type Run = OpenRun | EndedRun | SettledRun
export type Runs = ReadonlyMap<string, Run>

export type RunTracker = {
  readonly runs: Runs
  /** Looks at the whole directory: the safety net below the hints, and the way to catch up after a start. */
  readonly sweep: () => Promise<void>
  /** A hint that a file of this name was written. */
  readonly read: (fileName: string) => Promise<void>
  readonly addHookCall: (call: HookCall) => void
  /** Ends the runs whose process has gone. */
  readonly endFinishedRuns: () => Promise<void>
  readonly settle: (runId: string) => void
}

export type RunTrackerOptions = {
  readonly directory: string
  /** What the ledger remembers. */
  readonly runs: Runs
  readonly nowSeconds: () => number
  /** A file that can't be read stops neither the others nor the agent. */
  readonly onFault: (fileName: string, error: unknown) => void
}

/** Only these commands take snapshots in a process of their own. */
const trackedCommands: ReadonlySet<string> = new Set(['snapshot-create'])
const chunkBytes = 1024 * 1024
/** How long a process that was never seen must be silent to count as gone: with and without a known outcome. */
const silenceNearEndSeconds = 1
const silenceSeconds = 60
/** Runs known by their hooks alone have no log whose removal would tell that they can be forgotten. */
const rememberHookRunsSeconds = 7 * 24 * 3600
/** A hook is called by a process whose log began a moment before it and is closed a moment after it. */
const hookSlackSeconds = 1

const hookRunPrefix = 'hooks-'

/** Creates a tracker of the runs in `directory`, going on from what `runs` remembers. */
export function createRunTracker(options: RunTrackerOptions): RunTracker {
  const runs = new Map<string, Run>(options.runs)
  let queue: Promise<void> = Promise.resolve()

  /** One reader at a time: two would read the same bytes twice. */
  function inOrder(task: () => Promise<void>): Promise<void> {
    queue = queue.then(task).catch((error: unknown) => options.onFault(options.directory, error))
    return queue
  }

  async function sweep(): Promise<void> {
    const segments = await listSegments(options.directory)
    forgetOldRuns(segments)
    for (const [runId, segmentsOfRun] of Map.groupBy(segments, (segment) => segment.runId)) {
      await readRun(runId, segmentsOfRun)
    }
  }

  async function readFile(fileName: string): Promise<void> {
    const name = parseSegmentName(fileName)
    if (name === undefined || !trackedCommands.has(name.command)) return
    const segments = await listSegments(options.directory)
    await readRun(
      name.runId,
      segments.filter((segment) => segment.runId === name.runId),
    )
  }

  function forgetOldRuns(segments: readonly SegmentName[]): void {
    const present = new Set(segments.map((segment) => segment.runId))
    for (const [runId, run] of runs) {
      if (run.state !== 'settled' || present.has(runId)) continue
      const ofHooksAlone = runId.startsWith(hookRunPrefix)
      if (!ofHooksAlone || options.nowSeconds() - run.endedAt > rememberHookRunsSeconds) runs.delete(runId)
    }
  }

  async function readRun(runId: string, segments: readonly SegmentName[]): Promise<void> {
    const [first] = segments
    if (first === undefined) return
    const known = runs.get(runId) ?? adoptHookRun(newRun(first.processId, first.command))
    if (known.state !== 'open') return
    runs.set(runId, await readSegments(known, segments, scan))
  }

  /** The hooks may have told of a process before its log was seen. */
  function adoptHookRun(run: OpenRun): OpenRun {
    for (const [runId, candidate] of runs) {
      if (!runId.startsWith(hookRunPrefix) || candidate.state !== 'open') continue
      if (candidate.processId !== run.processId) continue
      runs.delete(runId)
      return { ...run, hookCalls: candidate.hookCalls, seenAlive: candidate.seenAlive }
    }
    return run
  }

  async function readSegments(
    run: OpenRun,
    segments: readonly SegmentName[],
    scanLast: (bytes: Buffer) => Scan,
  ): Promise<OpenRun> {
    let next = run
    for (const [index, segment] of segments.entries()) {
      const isLast = index === segments.length - 1
      try {
        next = await readSegment(next, options.directory, segment, isLast ? scanLast : scanToEnd)
      } catch (error) {
        // Kopia sweeps old logs, also while they are read.
        if (!isMissing(error)) options.onFault(segment.fileName, error)
      }
    }
    return next
  }

  function addHookCall(call: HookCall): void {
    for (const [runId, run] of runs) {
      if (run.processId !== call.processId) continue
      if (run.state === 'open') {
        const lastSignAt = Math.max(run.lastSignAt, call.at)
        runs.set(runId, { ...run, hookCalls: [...run.hookCalls, call], lastSignAt })
        return
      }
      // The log of this process has told all already.
      if (call.at >= startOf(run) - hookSlackSeconds && call.at <= run.endedAt + hookSlackSeconds) return
    }
    const run = newRun(call.processId, 'snapshot-create')
    const runId = `${hookRunPrefix}${call.processId}-${call.callId}`
    if (!runs.has(runId)) runs.set(runId, { ...run, hookCalls: [call], lastSignAt: call.at })
  }

  async function endFinishedRuns(): Promise<void> {
    for (const [runId, run] of runs) {
      if (run.state !== 'open') continue
      if (isAlive(run.processId)) runs.set(runId, { ...run, seenAlive: true })
      else await endIfFinished(runId, run)
    }
  }

  /** The process is not there: if it has ended, all that it wrote is, so the last record is whole too. */
  async function endIfFinished(runId: string, run: OpenRun): Promise<void> {
    const segments = (await listSegments(options.directory)).filter((segment) => segment.runId === runId)
    const whole = await readSegments(run, segments, scanToEnd)
    if (!hasEnded(whole, options.nowSeconds() - whole.lastSignAt)) return
    runs.set(runId, { ...whole, state: 'ended', endedAt: whole.lastSignAt })
  }

  function settle(runId: string): void {
    const run = runs.get(runId)
    if (run?.state !== 'ended') return
    const { processId, endedAt } = run
    runs.set(runId, { state: 'settled', processId, startedAt: startOf(run), endedAt })
  }

  return {
    runs,
    sweep: () => inOrder(sweep),
    read: (fileName) => inOrder(() => readFile(fileName)),
    addHookCall,
    endFinishedRuns: () => inOrder(endFinishedRuns),
    settle,
  }
}

/** True for a log file that may still be written and that matters. */
export function isTrackedFile(fileName: string, runs: Runs): boolean {
  const name = parseSegmentName(fileName)
  if (name === undefined || !trackedCommands.has(name.command)) return false
  return (runs.get(name.runId)?.state ?? 'open') === 'open'
}

/** Whether a run whose process is not to be seen has ended, after `silentSeconds` without a sign of life. */
export function hasEnded(run: OpenRun, silentSeconds: number): boolean {
  if (run.seenAlive || run.evidence.finalError !== undefined) return true
  return silentSeconds >= (isNearItsEnd(run.evidence) ? silenceNearEndSeconds : silenceSeconds)
}

function newRun(processId: number, command: string): OpenRun {
  return {
    state: 'open',
    processId,
    command,
    seenAlive: false,
    readBytes: {},
    evidence: noEvidence,
    hookCalls: [],
    lastSignAt: 0,
  }
}

function startOf(run: EndedRun | SettledRun): number {
  if (run.state === 'settled') return run.startedAt
  const starts = [
    ...run.evidence.attempts.map((attempt) => attempt.startedAt),
    ...run.hookCalls.map((call) => call.at),
  ]
  return Math.min(run.endedAt, ...starts)
}

/** The segments of the runs that matter, in the order in which they were written; none where there is no directory yet. */
async function listSegments(directory: string): Promise<readonly SegmentName[]> {
  try {
    const names = (await readdir(directory)).map(parseSegmentName)
    return names
      .filter((name) => name !== undefined)
      .filter((name) => trackedCommands.has(name.command))
      .sort(compareSegments)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

async function readSegment(
  run: OpenRun,
  directory: string,
  segment: SegmentName,
  scanBytes: (bytes: Buffer) => Scan,
): Promise<OpenRun> {
  const path = join(directory, segment.fileName)
  const { size, mtimeMs } = await stat(path)
  let { evidence } = run
  let offset = run.readBytes[segment.fileName] ?? 0
  const file = await open(path, 'r')
  try {
    while (offset < size) {
      const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, size - offset))
      const { bytesRead } = await file.read(buffer, 0, buffer.length, offset)
      if (bytesRead === 0) break
      const bytes = buffer.subarray(0, bytesRead)
      const atEnd = offset + bytesRead >= size
      const found = atEnd ? scanBytes(bytes) : scanChunk(bytes)
      evidence = found.records.reduce(addRecord, evidence)
      offset += found.consumedBytes
      if (atEnd) break
    }
  } finally {
    await file.close()
  }
  const lastSignAt = Math.max(run.lastSignAt, mtimeMs / 1000)
  return { ...run, evidence, lastSignAt, readBytes: { ...run.readBytes, [segment.fileName]: offset } }
}

/** A record that is larger than a whole chunk is taken in pieces, so that reading always moves on. */
function scanChunk(bytes: Buffer): Scan {
  const found = scan(bytes)
  return found.consumedBytes > 0 ? found : scanToEnd(bytes)
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
