// One run: verifies source after source, in the pauses between backups, within its limits.

import type { Kopia } from '../kopia/cli/client.ts'
import { withPasswordHint } from '../kopia/cli/password.ts'
import type { RepositoryReader } from '../kopia/cli/repository-reader.ts'
import { formatSource, type Source } from '../kopia/source.ts'
import type { Verification } from '../ledger/proof.ts'
import type { SourceState } from '../ledger/source-state.ts'
import type { VerifySettings } from '../settings/verify.ts'
import { type BackupWatch, createBackupWatch, type IsBackupRunning } from './backup-watch.ts'
import { shareOf } from './budget.ts'
import { type Candidate, candidatesOf } from './candidates.ts'
import { listRoots, newestRootOf, type Roots } from './newest-root.ts'
import { type SourceResult, verifySource } from './verify-source.ts'
import type { Workspace } from './workspace.ts'

export type RunListener = {
  readonly onSources: (sources: readonly Source[]) => void
  /** A backup runs, so the run waits. */
  readonly onWait: () => void
  readonly onBegin: (source: Source) => void
  readonly onProgress: (source: Source, doneObjects: number, allObjects: number) => void
  readonly onResult: (source: Source, verification: Verification) => Promise<void>
}

export type VerificationRun = {
  readonly settings: VerifySettings
  readonly workspace: Workspace
  /** A reader whose calls end with the signal, and at a time in Unix milliseconds. */
  readonly readerUntil: (signal: AbortSignal, endsAtMs: number) => RepositoryReader
  /** Kopia as it is used here, with its usual cache. */
  readonly kopia: Pick<Kopia, 'snapshots'>
  readonly states: ReadonlyMap<string, SourceState>
  readonly isWanted: (source: Source) => boolean
  /** Whether the files of the source are on this machine. */
  readonly isHere: (source: Source) => boolean
  readonly isBackupRunning: IsBackupRunning
  readonly listener: RunListener
  readonly signal: AbortSignal
  readonly nowSeconds: () => number
  /** In [0, 1). */
  readonly random: () => number
}

/** A source whose verification a backup ended so often gets its turn in the next run. */
const mostTries = 3

/** Verifies all wanted sources. Resolves early where the signal is aborted; rejects where no source is known, and none can be listed. */
export async function runVerification(run: VerificationRun): Promise<void> {
  const { listener, signal, isBackupRunning, settings } = run
  const watch = createBackupWatch({ isBackupRunning, signal, onWait: listener.onWait })
  await watch.quiet()
  const list = createList(run)
  const roots = await list()
  if (signal.aborted) return
  const candidates = candidatesOf(roots.ok ? roots.value : new Map(), run.states, run.isWanted)
  if (!roots.ok && candidates.length === 0)
    throw new Error(`the snapshots can't be listed: ${withPasswordHint(roots.failure.reason)}`)
  listener.onSources(candidates.map(({ source }) => source))
  let leftBytes = settings.mostBytes
  for (const [index, candidate] of candidates.entries()) {
    const mostBytes = shareOf(leftBytes, candidates.length - index)
    listener.onBegin(candidate.source)
    const verification = await verifyInPause(run, watch, candidate, list, mostBytes)
    if (signal.aborted) return
    if (verification === undefined) continue
    await listener.onResult(candidate.source, verification)
    if (verification.result.outcome !== 'unproven') leftBytes -= verification.result.readBytes
  }
}

type List = () => Promise<Roots>

/** Other machines make and delete snapshots meanwhile. */
const listHoldsSeconds = 15 * 60

/** Lists the snapshots, and again where the list is old by now: a run can wait for backups for hours. */
function createList(run: VerificationRun): List {
  let known: { readonly at: number; readonly roots: Roots } | undefined
  return async () => {
    const at = run.nowSeconds()
    if (known === undefined || at - known.at > listHoldsSeconds) {
      known = { at, roots: await listRoots(run.readerUntil(run.signal, endOf(run))) }
    }
    return known.roots
  }
}

function endOf({ settings, nowSeconds }: VerificationRun): number {
  return nowSeconds() * 1000 + settings.timeLimitMs
}

/** Undefined where backups left no time. */
async function verifyInPause(
  run: VerificationRun,
  watch: BackupWatch,
  candidate: Candidate,
  list: List,
  mostBytes: number,
): Promise<Verification | undefined> {
  for (let tries = 0; tries < mostTries; tries += 1) {
    await watch.quiet()
    if (run.signal.aborted) return undefined
    const roots = await list()
    const startedAt = run.nowSeconds()
    const result = await watch.whileQuiet((signal) => verifyOne(run, candidate, roots, mostBytes, signal))
    if (result.outcome !== 'ended') return { startedAt, endedAt: run.nowSeconds(), result }
    if (run.signal.aborted) return undefined
  }
  return undefined
}

async function verifyOne(
  run: VerificationRun,
  candidate: Candidate,
  roots: Roots,
  mostBytes: number,
  signal: AbortSignal,
): Promise<SourceResult> {
  const { settings, workspace, listener, random, kopia } = run
  const { source, state } = candidate
  const root = roots.ok ? roots.value.get(formatSource(source)) : undefined
  const reader = run.readerUntil(signal, endOf(run))
  const newest = await newestRootOf({ ...candidate, root }, roots, { reader, kopia })
  if (newest.kind === 'result') return newest.result
  return await verifySource({
    ...settings,
    reader,
    workspace,
    root: newest.root,
    knownFaults: state?.proof?.verdict?.faults ?? [],
    mostBytes,
    isHere: run.isHere(source),
    random,
    onProgress: (done, all) => listener.onProgress(source, done, all),
  })
}
