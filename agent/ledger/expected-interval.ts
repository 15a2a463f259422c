// How often a source should be backed up, and who says so.

import { effectivePolicyFor, type Policy } from '../kopia/cli/policies.ts'
import { intervalOfSuccesses, type SourceState } from './source-state.ts'

export type ExpectedInterval = { readonly seconds: number; readonly origin: 'policy' | 'learned' }

const noPolicies: readonly Policy[] = []

/** By the policies, undefined until Kopia told of them, or else by what was usual; undefined where nothing tells. */
export function expectedIntervalOf(
  state: SourceState,
  policies: readonly Policy[] = noPolicies,
): ExpectedInterval | undefined {
  const effective = effectivePolicyFor(policies, state.source)
  if (effective.intervalSeconds !== undefined) return { seconds: effective.intervalSeconds, origin: 'policy' }
  const learned = effective.ignoresIdentical ? intervalOfSuccesses(state) : state.held?.usualIntervalSeconds
  return learned === undefined ? undefined : { seconds: learned, origin: 'learned' }
}
