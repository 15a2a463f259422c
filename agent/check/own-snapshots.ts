// Compares what the repository holds of this machine with what logs and hooks told: an unexplained snapshot means blind eyes.

import type { RepositoryStatus } from '../kopia/cli/client.ts'
import { bySource, type Snapshot } from '../kopia/cli/snapshots.ts'
import { formatSource } from '../kopia/source.ts'
import type { LedgerData } from '../ledger/ledger.ts'
import { agoWords, pluralWords } from '../status/words.ts'
import { type Finding, failure, ok } from './finding.ts'
import { covers, isBackupLog, type LogFile } from './log-files.ts'

export type Told = {
  readonly logs: readonly LogFile[]
  readonly ledger: Pick<LedgerData, 'begunAt' | 'sources'>
  /** When the newest event of a hook that waits in the spool was left, in Unix seconds. */
  readonly newestEventAt: number | undefined
}

/** Kopia keeps its logs for 30 days by default. */
const logsKeptSeconds = 30 * 86_400
/** Between the end of an attempt, as a log or a hook tells it, and the end in the manifest. */
const toleranceSeconds = 5

/** The newest snapshot of each source of this user and host; checkpoints of a running upload are left out. */
export function newestOwnSnapshots(
  snapshots: readonly Snapshot[],
  { user, host }: Pick<RepositoryStatus, 'user' | 'host'>,
): readonly Snapshot[] {
  const own = snapshots.filter(
    ({ source, incomplete }) => source.user === user && source.host === host && incomplete !== 'checkpoint',
  )
  return [...bySource(own).values()]
    .map((ofSource) => ofSource.at(-1))
    .filter((newest) => newest !== undefined)
}

/** Those of `newest` that no log covers, and that neither the ledger nor a waiting event has from a log or a hook. */
export function unexplained(newest: readonly Snapshot[], told: Told, now: number): readonly Snapshot[] {
  const backupLogs = told.logs.filter(isBackupLog)
  // Kopia sweeps its logs, so a snapshot from before the oldest one shows nothing.
  const sweptUntil = told.logs.length === 0 ? 0 : Math.min(...told.logs.map(({ begunAt }) => begunAt))
  return newest.filter(
    (snapshot) =>
      snapshot.endedAt >= Math.max(sweptUntil, now - logsKeptSeconds) &&
      !backupLogs.some((log) => covers(log, snapshot.endedAt)) &&
      !isInLedger(snapshot, told.ledger) &&
      (told.newestEventAt ?? 0) < snapshot.startedAt,
  )
}

/** Whether a log or a hook reported the attempt. What the ledger has from the repository alone explains nothing. */
function isInLedger(snapshot: Snapshot, { begunAt, sources }: Told['ledger']): boolean {
  const state = sources[formatSource(snapshot.source)]
  if (state?.lastAttempt === undefined || begunAt === undefined || snapshot.endedAt < begunAt) return false
  const { lastAttempt, attempts } = state
  // A source that was first seen in the repository has its last attempt from there, and nothing was counted yet.
  const isFoundOnly =
    state.foundSnapshotId === snapshot.id || Object.values(attempts).every((count) => count === 0)
  return (
    !isFoundOnly &&
    (lastAttempt.snapshotId === snapshot.id || lastAttempt.endedAt >= snapshot.endedAt - toleranceSeconds)
  )
}

/** Nothing is unexplained. */
export function explainedFinding(newest: readonly Snapshot[]): Finding {
  const found =
    newest.length === 0
      ? 'none of this machine yet'
      : `of ${pluralWords(newest.length, 'source')}, explained by logs or hooks`
  return ok('snapshots', found)
}

/** `elsewhere` is the folder that has the newer logs; `looked` are all folders that were looked into. */
export function unexplainedFinding(
  blind: readonly Snapshot[],
  { elsewhere, looked }: { readonly elsewhere: string | undefined; readonly looked: readonly string[] },
  now: number,
): Finding {
  const last = blind.reduce((one, other) => (other.endedAt > one.endedAt ? other : one))
  const found = `no log or hook tells of new snapshots of ${pluralWords(blind.length, 'source')} (${formatSource(last.source)}, ${agoWords(last.endedAt, now)}): Kopia writes its logs elsewhere, so failures are not seen`
  const advice =
    elsewhere === undefined
      ? `set KOPIA_LOG_DIR to the folder that Kopia logs to (its --log-dir, or .cache/kopia below its working directory; looked in ${looked.join(', ')}); where Kopia writes no logs, or a server's without level debug, run install-hooks`
      : `set KOPIA_LOG_DIR for the agent to ${elsewhere}, which has newer logs, or let Kopia log where the agent reads`
  return failure('snapshots', found, advice)
}
