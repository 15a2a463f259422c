// What speaks against the ledger: a report that cannot be trusted must not call anything good. Pure.

import type { Ledger } from '../ledger/ledger.ts'
import { longestSilenceSeconds, usualHeartbeatSeconds } from '../limits/silence.ts'
import { cronGaps } from '../util/cron-times.ts'

/** Times in Unix seconds. */
export type Doubt =
  /** No ledger, or none that can be read. */
  | { readonly kind: 'no ledger'; readonly reason: string }
  /** Nothing has entered it since then. */
  | { readonly kind: 'stale'; readonly since: number; readonly agent: 'running' | 'not running' }
  /** It is from a time that has not come yet. */
  | { readonly kind: 'clock'; readonly at: number }
  /** Kopia does not answer since then; undefined: it never did. */
  | { readonly kind: 'repository'; readonly since: number | undefined }
  | { readonly kind: 'no source' }

type Facts = {
  readonly ledger: Pick<Ledger, 'repository' | 'sources' | 'upToDateAt'>
  readonly savedAt: number
  /** Undefined if no agent runs. */
  readonly processId: number | undefined
  /** The setting `refresh_schedule`. */
  readonly refreshSchedule: string
  readonly nowSeconds: number
}

/** Clocks of file system and machine may differ by less. */
const clockDifferenceSeconds = 60

/** When all that had happened was last in the ledger. An older agent does not say, but it saves only what it knows. */
export function asOfOf({ ledger, savedAt }: Pick<Facts, 'ledger' | 'savedAt'>): number {
  return ledger.upToDateAt() ?? savedAt
}

/** Everything that speaks against the ledger, the gravest first. */
export function doubtsAbout(facts: Facts): readonly Doubt[] {
  const { ledger, processId, nowSeconds } = facts
  const asOf = asOfOf(facts)
  const { status, unreachableSince } = ledger.repository
  // The timer of `push` is more frequent by default.
  const heartbeatSeconds = cronGaps([facts.refreshSchedule])?.longestSeconds ?? usualHeartbeatSeconds
  const isStale = nowSeconds - asOf > longestSilenceSeconds(heartbeatSeconds)
  const agent = processId === undefined ? 'not running' : 'running'
  return [
    ...(asOf > nowSeconds + clockDifferenceSeconds ? [{ kind: 'clock', at: asOf } as const] : []),
    ...(isStale ? [{ kind: 'stale', since: asOf, agent } as const] : []),
    ...(status === undefined || unreachableSince !== undefined
      ? [{ kind: 'repository', since: unreachableSince } as const]
      : []),
    ...(ledger.sources.size === 0 ? [{ kind: 'no source' } as const] : []),
  ]
}
