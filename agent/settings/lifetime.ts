// What a person sets about how long the agent lives.

import { parseDurationMs } from './formats.ts'
import type { SettingName } from './names.ts'

/**
 * `service`: the agent runs all the time, and its silence is told. `job`: it runs beside one run of Kopia and ends with it; a
 * stop waits for the result of this run, as long as `stopLimitMs` allows.
 */
export type Lifetime = { readonly kind: 'service' } | { readonly kind: 'job'; readonly stopLimitMs: number }

/** Builds the setting from its texts, which are checked. */
export function toLifetime({ lifetime, stop_timeout }: Record<SettingName, string>): Lifetime {
  return lifetime === 'job'
    ? { kind: 'job', stopLimitMs: parseDurationMs(stop_timeout) }
    : { kind: 'service' }
}
