// What a person sets about how long the agent lives.

import type { PushTarget } from '../push/target.ts'
import { ConfigError } from './config-error.ts'
import { parseDurationMs } from './formats.ts'
import type { SettingName } from './names.ts'

/**
 * `service`: the agent runs all the time, and its silence is told. `job`: it runs beside one run of Kopia and ends with it; a
 * stop waits for the result of this run, as long as `stopLimitMs` allows.
 */
export type Lifetime = { readonly kind: 'service' } | { readonly kind: 'job'; readonly stopLimitMs: number }

/**
 * Builds the setting from its texts, which are checked. Throws a ConfigError for a job that pushes into a store: its metrics would
 * be gone some minutes after it, and no alert could tell that a backup is missing.
 */
export function toLifetime(
  { lifetime, stop_timeout }: Record<SettingName, string>,
  target: PushTarget | undefined,
): Lifetime {
  if (lifetime === 'service') return { kind: 'service' }
  if (target?.kind === 'prometheus-import') {
    throw new ConfigError(
      "lifetime: expected service for a store's import, found job: a store forgets the metrics of a job; push to a Pushgateway, which keeps them",
    )
  }
  return { kind: 'job', stopLimitMs: parseDurationMs(stop_timeout) }
}
