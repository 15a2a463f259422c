// How often a source should be backed up, and where that is known from.

import { effectivePolicyFor, type Policy } from '../kopia/cli/policies.ts'
import { intervalOfSuccesses, type SourceState } from './source-state.ts'

export type ExpectedInterval = { readonly seconds: number; readonly origin: 'policy' | 'learned' }

const noPolicies: readonly Policy[] = []

/**
 * The interval that Kopia's policies ask for; where they ask for none, the median of the intervals so far. `policies` is
 * undefined until Kopia has answered. The result is undefined for a source without a policy and with too little history.
 */
export function expectedIntervalOf(
  state: SourceState,
  policies: readonly Policy[] = noPolicies,
): ExpectedInterval | undefined {
  const effective = effectivePolicyFor(policies, state.source)
  if (effective.intervalSeconds !== undefined) return { seconds: effective.intervalSeconds, origin: 'policy' }
  const learned = effective.ignoresIdentical ? intervalOfSuccesses(state) : state.held?.usualIntervalSeconds
  return learned === undefined ? undefined : { seconds: learned, origin: 'learned' }
}
