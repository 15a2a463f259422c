// The status as JSON for scripts. Every field is declared once with its meaning; docs/status-json.md is made from here.
// Over 8 kB because each field is declared in this one place.

import { documented, type Field, jsonOf, objectOf } from './fields.ts'
import type { ProofStatus } from './proof.ts'
import type { SourceStatus, Status } from './status.ts'

/** `processId` is undefined if no agent runs; `ledgerSavedAt` is in Unix seconds. */
export type AgentState = { readonly processId: number | undefined; readonly ledgerSavedAt: number }

/** `doubts` are sentences: what speaks against the status. */
type Whole = { readonly status: Status; readonly agent: AgentState; readonly doubts: readonly string[] }

const wholeFields = {
  generated_timestamp_seconds: {
    doc: 'when this report was made, in Unix time',
    value: ({ status }) => status.at,
  },
  agent_running: {
    doc: 'whether an agent runs on this state directory',
    value: ({ agent }) => agent.processId !== undefined,
  },
  ledger_saved_timestamp_seconds: {
    doc: 'when the ledger was last saved; the states are not newer than this',
    value: ({ agent }) => agent.ledgerSavedAt,
  },
  doubts: {
    doc: 'what speaks against the states, one sentence each: the agent runs but is silent, the repository cannot be asked, or the clock is wrong',
    value: ({ doubts }) => doubts,
  },
  counts: {
    doc: 'number of sources that are `failing`, `overdue`, `waiting` and `fine`; each source counts once',
    value: ({ status }) => status.counts,
  },
  overdue_proofs: {
    doc: 'number of sources whose proof that they can be read back is overdue, whatever their state',
    value: ({ status }) => status.overdueProofs,
  },
  stuck_attempts: {
    doc: 'number of sources whose running attempt counts as stuck, whatever their state',
    value: ({ status }) => status.stuck,
  },
  failed_commands: {
    doc: 'commands of Kopia whose last run failed as a whole, unless a source shows the failure; a restore for a day',
    value: ({ status }) => status.failedCommands.map(({ command }) => command),
  },
  failed_command_reasons: {
    doc: 'why each of them failed, in one line: an object by command; null if unknown',
    value: ({ status }) =>
      Object.fromEntries(status.failedCommands.map(({ command, reason }) => [command, reason ?? null])),
  },
  repository_id: {
    doc: 'unique id of the repository that the sources are about',
    value: ({ status }) => status.repository.status?.repositoryId,
  },
  changed_repository_id: {
    doc:
      'unique id of another repository, to which Kopia is connected now; the sources stay those of `repository_id` ' +
      'until `forget --sources`; null if Kopia is not connected to another one',
    value: ({ status }) => status.repository.changedTo?.repositoryId,
  },
  sources: {
    doc: 'the sources as a list, worst first; the fields of each:',
    value: ({ status }) => status.sources.map(sourceObject),
  },
} as const satisfies Record<string, Field<Whole>>

const sourceFields = {
  source: { doc: '`user@host:path`', value: ({ name }) => name },
  user: { doc: 'user of the source', value: ({ source }) => source.user },
  host: { doc: 'host of the source', value: ({ source }) => source.host },
  path: { doc: 'path of the source', value: ({ source }) => source.path },
  state: {
    doc:
      '`failing`: the last attempt made no complete backup, or nothing proves the success that it reported, or the ' +
      'repository holds no snapshot of the source any more, or a snapshot cannot be read back; `overdue`: the deadline has passed; `waiting`: no attempt is ' +
      'known yet; `fine`',
    value: ({ state }) => state,
  },
  overdue_since_timestamp_seconds: {
    doc: 'since when the source is overdue, also while it is failing; null if it is not overdue',
    value: ({ overdueSince }) => overdueSince,
  },
  running_since_timestamp_seconds: {
    doc: 'start of the running attempt; null if none runs',
    value: ({ runningSince }) => runningSince,
  },
  stuck_since_timestamp_seconds: {
    doc: 'since when the running attempt counts as stuck, as in the alert KopiaBackupStuck; null if it does not',
    value: ({ stuckSince }) => stuckSince,
  },
  last_attempt_timestamp_seconds: {
    doc: 'end of the last attempt',
    value: ({ lastAttempt }) => lastAttempt?.endedAt,
  },
  last_attempt_status: {
    doc: '`success`, `failed` or `incomplete`',
    value: ({ lastAttempt }) => lastAttempt?.outcome,
  },
  last_attempt_reason: {
    doc: 'why the last attempt made no complete backup, or why nothing proves its success, in one line',
    value: ({ reason }) => reason,
  },
  unproven_since_timestamp_seconds: {
    doc: 'since when the last attempt reports a success that nothing proves; null if it is proved or failed',
    value: ({ unprovenSince }) => unprovenSince,
  },
  last_attempt_duration_seconds: {
    doc: 'duration of the last attempt, with its actions',
    value: ({ lastAttempt }) => lastAttempt?.durationSeconds,
  },
  last_attempt_unreadable_files: {
    doc: 'number of unreadable files that made the last attempt fail',
    value: ({ lastAttempt }) => lastAttempt?.errors.fatal,
  },
  last_success_timestamp_seconds: {
    doc: 'end of the last success; null if there was none',
    value: ({ lastSuccessAt }) => lastSuccessAt,
  },
  consecutive_failures: {
    doc: 'number of attempts without a complete backup since the last success',
    value: ({ consecutiveFailures }) => consecutiveFailures,
  },
  expected_interval_seconds: {
    doc: 'the longest time that should pass between two successes; null if unknown',
    value: ({ expectedInterval }) => expectedInterval?.seconds,
  },
  next_expected_timestamp_seconds: {
    doc:
      'when the next success is due: the next time of the schedule after the start of the last success, else the last ' +
      'success plus expected interval; null if unknown',
    value: ({ deadline }) => deadline.dueAt,
  },
  deadline_timestamp_seconds: {
    doc: 'when the source becomes overdue unless it succeeds before, as in the alert KopiaBackupOverdue',
    value: ({ deadline }) => deadline.at,
  },
  deadline_origin: {
    doc:
      'where the deadline is known from: `policy`, `configured` (the setting `expected_interval`), `learned` from past ' +
      'successes, `assumed` if nothing is known, `never` if the source never succeeded',
    value: ({ deadline }) => deadline.origin,
  },
  size_bytes: { doc: 'size of the newest complete snapshot', value: ({ sizeBytes }) => sizeBytes },
  files: { doc: 'number of files in the newest complete snapshot', value: ({ files }) => files },
  snapshots: { doc: 'number of snapshots in the repository', value: ({ snapshots }) => snapshots },
  no_snapshots_since_timestamp_seconds: {
    doc: 'since when the repository, which held snapshots of the source, holds none; null if it holds some',
    value: ({ goneSince }) => goneSince,
  },
  proved_timestamp_seconds: {
    doc: 'when a verification last proved that the newest snapshot can be read back; null if none did',
    value: ({ proof }) => proof?.provedAt,
  },
  verify_deadline_timestamp_seconds: {
    doc:
      'when the proof becomes overdue unless a verification succeeds before, as in the alert KopiaVerifyOverdue; null if ' +
      'none is scheduled',
    value: ({ proof }) => proof?.deadline,
  },
  verify_overdue_since_timestamp_seconds: {
    doc: 'since when the proof is overdue; null if it is not',
    value: ({ proof }) => proof?.overdueSince,
  },
  verify_last_attempt_timestamp_seconds: {
    doc: 'end of the last verification, whatever it found; null if there was none',
    value: ({ proof }) => proof?.lastAttemptAt,
  },
  verify_unproven_reason: {
    doc: 'why the last verification found nothing out, in one line; null if it found something out',
    value: ({ proof }) => proof?.unprovenReason,
  },
  verify_status: {
    doc:
      'what the last verification that found something out says: `proven`, `unreadable`, or `timeout` (it ended by its time ' +
      'limit, and what it had read is well); null if there was none; it is also what the fields below are about',
    value: ({ proof }) => proof?.last?.result,
  },
  verify_snapshot_timestamp_seconds: {
    doc: 'start of the snapshot that it read',
    value: ({ proof }) => proof?.last?.verdict.snapshotStartedAt,
  },
  verify_objects: {
    doc: 'number of files and directories whose blobs it found in the repository',
    value: ({ proof }) => proof?.last?.verdict.objects,
  },
  verify_read_bytes: {
    doc: 'bytes of files that it read from the repository',
    value: ({ proof }) => proof?.last?.verdict.readBytes,
  },
  verify_restored_files: {
    doc: 'number of files that it restored and compared',
    value: ({ proof }) => proof?.last?.verdict.restoredFiles,
  },
  verify_errors: {
    doc:
      'what it could not read back: an object with the number of objects by kind (`missing_blob`, `checksum`, `read`, ' +
      '`differs`, `timeout`)',
    value: ({ proof }) => proof?.last?.verdict.errors,
  },
  verify_reason: {
    doc: 'why the first of them could not be read back, in one line; null if all were',
    value: ({ proof }) => reasonOf(proof),
  },
  recent_attempts: {
    doc: 'the last 30 attempts, oldest first, each with `ended_timestamp_seconds`, `duration_seconds`, `status`',
    value: ({ recent }) =>
      recent.map(({ endedAt, durationSeconds, outcome }) => ({
        ended_timestamp_seconds: endedAt,
        duration_seconds: durationSeconds,
        status: outcome,
      })),
  },
} as const satisfies Record<string, Field<SourceStatus>>

/** The status as JSON with a line end. Every field is always present; what is unknown is null. */
export function statusJson(whole: Whole): string {
  return jsonOf(wholeFields, whole)
}

/** Every field with its meaning, in the order of the JSON; those of a source as `sources[].name`. */
export function documentedFields(): readonly { readonly name: string; readonly doc: string }[] {
  return documented(wholeFields, sourceFields)
}

function sourceObject(source: SourceStatus): object {
  return objectOf(sourceFields, source)
}

/** Damage before a time limit: the time limit says nothing about the snapshot. */
function reasonOf(proof: ProofStatus | undefined): string | undefined {
  const faults = proof?.last?.verdict.faults ?? []
  return (faults.find(({ kind }) => kind !== 'timeout') ?? faults[0])?.reason
}
