// How often a source should be backed up, and where that is known from.

import { effectivePolicyFor } from '../kopia/cli/policies.ts'
import { intervalOfSuccesses, type SourceState } from '../ledger/source-state.ts'
import { type LimitContext, policiesOf } from './context.ts'

export const intervalOrigins = ['policy', 'configured', 'learned'] as const

export type ExpectedInterval = {
  readonly seconds: number
  readonly origin: (typeof intervalOrigins)[number]
}

/**
 * The interval that Kopia's policies ask for; where they ask for none, the one that is set; else the median of the intervals
 * so far. The result is undefined for a source without any of them.
 */
export function expectedIntervalOf(state: SourceState, context: LimitContext): ExpectedInterval | undefined {
  const { intervalSeconds } = effectivePolicyFor(policiesOf(context), state.source)
  if (intervalSeconds !== undefined) return { seconds: intervalSeconds, origin: 'policy' }
  const configured = context.settings.configuredInterval(state.source)
  if (configured !== undefined) return { seconds: configured, origin: 'configured' }
  const learned = learnedIntervalOf(state)
  return learned === undefined ? undefined : { seconds: learned, origin: 'learned' }
}

/** The median of the last intervals. Retention thins old snapshots, so attempts that were watched say more than they do. */
export function learnedIntervalOf(state: SourceState): number | undefined {
  return intervalOfSuccesses(state) ?? state.held?.usualIntervalSeconds
}
