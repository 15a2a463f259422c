// The status as JSON for scripts. Every field is declared once with its meaning; docs/status-json.md is made from here.

import type { SourceStatus, Status } from './status.ts'

/** What is known of the agent beside the ledger. Times in Unix seconds. */
export type AgentSeen = { readonly processId: number | undefined; readonly ledgerSavedAt: number }

type Field<T> = { readonly doc: string; readonly value: (from: T) => unknown }

type Whole = { readonly status: Status; readonly agent: AgentSeen }

const wholeFields = {
  generated_timestamp_seconds: { doc: 'when this was made, in Unix time', value: ({ status }) => status.at },
  agent_running: {
    doc: 'whether an agent runs on this state directory',
    value: ({ agent }) => agent.processId !== undefined,
  },
  ledger_saved_timestamp_seconds: {
    doc: 'when the ledger was last saved; the state is not newer than that',
    value: ({ agent }) => agent.ledgerSavedAt,
  },
  counts: {
    doc: 'how many sources are `failing`, `overdue`, `waiting` and `fine`; each counts once',
    value: ({ status }) => status.counts,
  },
  failed_commands: {
    doc: 'commands of Kopia whose last run failed as a whole, where no source tells of it',
    value: ({ status }) => status.failedCommands,
  },
  sources: {
    doc: 'a list, worst first; its fields:',
    value: ({ status }) => status.sources.map(sourceObject),
  },
} as const satisfies Record<string, Field<Whole>>

const sourceFields = {
  source: { doc: '`user@host:path`', value: ({ name }) => name },
  user: { doc: 'a part of it', value: ({ source }) => source.user },
  host: { doc: 'a part of it', value: ({ source }) => source.host },
  path: { doc: 'a part of it', value: ({ source }) => source.path },
  state: {
    doc:
      '`failing`: the last attempt made no complete backup; `overdue`: as the alert KopiaBackupOverdue has it, the last ' +
      'success is older than 1.5 times the expected interval and 1 h, nights and weekends off are known where the ' +
      'interval was learned, and a machine that sleeps was awake for 4 h since; `waiting`: no attempt was seen yet; `fine`',
    value: ({ state }) => state,
  },
  overdue_since_timestamp_seconds: {
    doc: 'also of one that fails; else null',
    value: ({ overdueSince }) => overdueSince,
  },
  running_since_timestamp_seconds: {
    doc: 'null while no attempt runs',
    value: ({ runningSince }) => runningSince,
  },
  last_attempt_timestamp_seconds: { doc: 'its end', value: ({ lastAttempt }) => lastAttempt?.endedAt },
  last_attempt_status: {
    doc: '`success`, `failed` or `incomplete`',
    value: ({ lastAttempt }) => lastAttempt?.outcome,
  },
  last_attempt_duration_seconds: {
    doc: 'its actions included',
    value: ({ lastAttempt }) => lastAttempt?.durationSeconds,
  },
  last_attempt_unreadable_files: {
    doc: 'files that made it fail',
    value: ({ lastAttempt }) => lastAttempt?.errors.fatal,
  },
  last_success_timestamp_seconds: { doc: 'null: never', value: ({ lastSuccessAt }) => lastSuccessAt },
  consecutive_failures: {
    doc: 'attempts without a complete backup since the last one that made one',
    value: ({ consecutiveFailures }) => consecutiveFailures,
  },
  expected_interval_seconds: {
    doc: 'null: nothing tells how often',
    value: ({ expectedInterval }) => expectedInterval?.seconds,
  },
  next_expected_timestamp_seconds: {
    doc: 'last success and interval',
    value: ({ nextExpectedAt }) => nextExpectedAt,
  },
  size_bytes: { doc: 'of the newest complete snapshot', value: ({ sizeBytes }) => sizeBytes },
  files: { doc: 'of the newest complete snapshot', value: ({ files }) => files },
  snapshots: { doc: 'that the repository holds', value: ({ snapshots }) => snapshots },
  recent_attempts: {
    doc: 'the last 30, oldest first, each with `ended_timestamp_seconds`, `duration_seconds`, `status`',
    value: ({ recent }) =>
      recent.map(({ endedAt, durationSeconds, outcome }) => ({
        ended_timestamp_seconds: endedAt,
        duration_seconds: durationSeconds,
        status: outcome,
      })),
  },
} as const satisfies Record<string, Field<SourceStatus>>

/** The whole as JSON with a line end. What is not known is null, so that every field is always there. */
export function statusJson(status: Status, agent: AgentSeen): string {
  return `${JSON.stringify(objectOf(wholeFields, { status, agent }), undefined, 2)}\n`
}

/** Every field with its meaning, in the order of the JSON; those of a source as `sources[].name`. */
export function documentedFields(): readonly { readonly name: string; readonly doc: string }[] {
  const entries = (fields: Readonly<Record<string, { readonly doc: string }>>, prefix: string) =>
    Object.entries(fields).map(([name, { doc }]) => ({ name: `${prefix}${name}`, doc }))
  return [...entries(wholeFields, ''), ...entries(sourceFields, 'sources[].')]
}

function sourceObject(source: SourceStatus): object {
  return objectOf(sourceFields, source)
}

function objectOf<T>(fields: Readonly<Record<string, Field<T>>>, from: T): object {
  return Object.fromEntries(Object.entries(fields).map(([name, { value }]) => [name, value(from) ?? null]))
}
