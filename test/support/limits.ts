// Creates states and contexts for tests of the limits of sources.

import type { Policy } from '../../agent/kopia/cli/policies.ts'
import type { Snapshot } from '../../agent/kopia/cli/snapshots.ts'
import { newSource, type SourceState, withFinished, withSnapshots } from '../../agent/ledger/source-state.ts'
import type { LimitContext } from '../../agent/limits/context.ts'
import { toLimits } from '../../agent/settings/limits.ts'
import { declarations } from '../../agent/settings/schema.ts'
import { makeSnapshot } from './snapshots.ts'

/** The settings of a machine that sets nothing itself. */
export const defaultLimitSettings = toLimits(
  declarations.overdue_grace.default,
  declarations.expected_interval.default,
  declarations.verify_schedule.default,
)

export const hour = 3600
export const day = 24 * hour

export const source = { user: 'root', host: 'vm', path: '/data' }

/** Unix seconds of a time such as `2026-11-24 01:00`, in UTC. */
export function utc(text: string): number {
  return Date.parse(`${text.replace(' ', 'T')}Z`) / 1000
}

/** `2026-11-24 01:00` or, with seconds, `2026-11-24 01:00:30`. */
export function asUtc(seconds: number | undefined): string | undefined {
  return seconds === undefined
    ? undefined
    : new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ').replace(/:00$/, '')
}

/** The context of a machine that is always on, at a time, with the fields in `change`. */
export function contextAt(nowSeconds: number, change: Partial<LimitContext> = {}): LimitContext {
  return {
    settings: { ...defaultLimitSettings, timeZone: 'UTC' },
    policies: undefined,
    sleeps: false,
    uptimeQuarters: [],
    nowSeconds,
    ...change,
  }
}

/** A global policy with this schedule. */
export function policy(change: Partial<Policy>): Policy {
  return { target: '', intervalSeconds: 0, minutesOfDay: [], cron: [], isManual: false, ...change }
}

/** A complete snapshot that ended then and took a minute. */
export function snapshotAt(endedAt: number, change: Partial<Snapshot> = {}): Snapshot {
  return makeSnapshot({ source, id: String(endedAt), startedAt: endedAt - 60, endedAt, ...change })
}

/** The state of a source that a new agent finds in the repository. */
export function stateHolding(snapshots: readonly Snapshot[], firstSeenAt: number): SourceState {
  return withSnapshots(newSource(source, firstSeenAt), snapshots, firstSeenAt)
}

/** The state after an attempt of this length that ended then. */
export function stateAfter(
  state: SourceState,
  outcome: 'success' | 'failed',
  endedAt: number,
  durationSeconds = 60,
): SourceState {
  const times = { startedAt: endedAt - durationSeconds, endedAt, durationSeconds }
  const errors = { fatal: 0, ignored: 0 }
  return withFinished(state, { source, outcome, ...times, errors }, 'counted', endedAt)
}
