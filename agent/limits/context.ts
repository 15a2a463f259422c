// What the limits of a source depend on beside its own state.

import type { Policy } from '../kopia/cli/policies.ts'
import type { Source } from '../kopia/source.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { UptimeQuarters } from '../ledger/uptime.ts'

/** What a person can set. */
export type LimitSettings = {
  /** The grace after a source is due, as a share of the time to the backup after that. */
  readonly overdueGrace: number
  /** The expected interval in seconds of a source that no policy schedules; undefined where none is set. */
  readonly configuredInterval: (source: Source) => number | undefined
  /** The time zone of Kopia's schedules, such as `Europe/Berlin`; undefined for the agent's own, if it has no name. */
  readonly timeZone: string | undefined
  /** When the backups are verified, as a cron expression; undefined if they are not. */
  readonly verifySchedule: string | undefined
}

export type LimitContext = {
  readonly settings: LimitSettings
  /** Undefined until Kopia has answered. */
  readonly policies: readonly Policy[] | undefined
  /** Whether the machine may sleep. */
  readonly sleeps: boolean
  /** When a machine that sleeps was awake. */
  readonly uptimeQuarters: UptimeQuarters
  /** Since when a schedule of verifications is set, in Unix seconds. */
  readonly verifyScheduledSince?: number | undefined
  readonly nowSeconds: number
}

/**
 * The agent's own time zone; undefined if it has no name. With TZ='' Node names one that it does not know, and with
 * TZ=:/etc/localtime none.
 */
export function localTimeZone(): string | undefined {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions()
  return timeZone === 'Etc/Unknown' ? 'UTC' : timeZone
}

/** What the ledger knows at the time `nowSeconds`, as plain values: a later change of the ledger does not change them. */
export function limitContextOf(
  {
    repository,
    uptimeQuarters,
    verifyScheduledSince,
  }: Pick<Ledger, 'repository' | 'uptimeQuarters' | 'verifyScheduledSince'>,
  settings: LimitSettings,
  nowSeconds: number,
): LimitContext {
  const sleeps = uptimeQuarters !== undefined
  return {
    settings,
    policies: repository.policies,
    sleeps,
    uptimeQuarters: uptimeQuarters ?? [],
    verifyScheduledSince,
    nowSeconds,
  }
}

const noPolicies: readonly Policy[] = []

/** The policies as far as they are known. */
export function policiesOf({ policies }: Pick<LimitContext, 'policies'>): readonly Policy[] {
  return policies ?? noPolicies
}
