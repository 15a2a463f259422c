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
 * Builds the setting from its texts, which are checked. Throws a ConfigError for a job whose metrics would be gone with it, or some
 * minutes after it in a store: no alert could tell that a backup is missing.
 */
export function toLifetime(
  { lifetime, stop_timeout }: Record<SettingName, string>,
  target: PushTarget | undefined,
  textfile: string,
): Lifetime {
  if (lifetime === 'service') return { kind: 'service' }
  if (target?.kind !== 'pushgateway' && textfile === '') {
    throw new ConfigError(
      'lifetime: expected service without a Pushgateway, found job: nothing else keeps the metrics of a job; set pushgateway_url to one',
    )
  }
  return { kind: 'job', stopLimitMs: parseDurationMs(stop_timeout) }
}
