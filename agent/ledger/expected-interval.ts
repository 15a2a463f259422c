// How often a source should be backed up, and who says so.

import { type Policy, wishFor } from '../kopia/cli/policies.ts'
import { intervalOfSuccesses, type SourceState } from './source-state.ts'

export type ExpectedInterval = { readonly seconds: number; readonly origin: 'policy' | 'learned' }

const noPolicies: readonly Policy[] = []

/** By the policies, undefined until Kopia told of them, or else by what was usual; undefined where nothing tells. */
export function expectedIntervalOf(
  state: SourceState,
  policies: readonly Policy[] = noPolicies,
): ExpectedInterval | undefined {
  const wish = wishFor(policies, state.source)
  if (wish.intervalSeconds !== undefined) return { seconds: wish.intervalSeconds, origin: 'policy' }
  const learned = wish.ignoresIdentical ? intervalOfSuccesses(state) : state.held?.usualIntervalSeconds
  return learned === undefined ? undefined : { seconds: learned, origin: 'learned' }
}
