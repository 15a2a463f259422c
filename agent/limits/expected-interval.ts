// How often a source should be backed up, and where that is known from.

import { effectivePolicyFor } from '../kopia/cli/policies.ts'
import { type SourceState, usualIntervalOf } from '../ledger/source-state.ts'
import { policiesOf } from './context.ts'
import { type FixedContext, remembered } from './remembered.ts'

export type ExpectedInterval = {
  readonly seconds: number
  readonly origin: 'policy' | 'configured' | 'learned'
}

/**
 * The interval that Kopia's policies ask for; where they ask for none, the one that is set; else the median of the intervals
 * so far. The result is undefined for a source without any of them.
 */
export const expectedIntervalOf = remembered(decide)

function decide(state: SourceState, context: FixedContext): ExpectedInterval | undefined {
  const { intervalSeconds } = effectivePolicyFor(policiesOf(context), state.source)
  if (intervalSeconds !== undefined) return { seconds: intervalSeconds, origin: 'policy' }
  const configured = context.settings.configuredInterval(state.source)
  if (configured !== undefined) return { seconds: configured, origin: 'configured' }
  const learned = usualIntervalOf(state)
  return learned === undefined ? undefined : { seconds: learned, origin: 'learned' }
}
