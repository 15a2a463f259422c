// Remembers what follows from a source's state. Each push asks about up to 10,000 sources, of which few have changed.

import type { SourceState } from '../ledger/source-state.ts'
import type { LimitContext } from './context.ts'

/** What does not depend on the time. */
export type FixedContext = Pick<LimitContext, 'policies' | 'settings' | 'sleeps'>

/** The same function, which decides once per state, as long as neither policies nor settings change. */
export function remembered<T>(
  decide: (state: SourceState, context: FixedContext) => T,
): (state: SourceState, context: FixedContext) => T {
  const known = new WeakMap<SourceState, FixedContext & { readonly result: T }>()
  return (state, { policies, settings, sleeps }) => {
    const last = known.get(state)
    if (last?.policies === policies && last?.settings === settings && last?.sleeps === sleeps)
      return last.result
    const result = decide(state, { policies, settings, sleeps })
    known.set(state, { policies, settings, sleeps, result })
    return result
  }
}
