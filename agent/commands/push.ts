// push: brings the ledger up to date and pushes once.

import type { Settings } from '../settings/settings.ts'
import { withAgent } from './with-agent.ts'

/** Resolves with the exit code: 1 where the gateway did not take the push, or there is nothing to push to. */
export function pushCommand(settings: Settings, version: string): Promise<0 | 1> {
  return withAgent(settings, version, async (agent, log) => {
    if (settings.gateway?.target.kind === 'prometheus-import') {
      log.warn(
        'A store forgets single pushes some minutes later, so no alert tells when the next one is missing: use "run", or a Pushgateway.',
      )
    }
    const result = await agent.pushOnce()
    if (settings.gateway === undefined && settings.textfile === undefined) {
      log.error('Nobody got the metrics: both pushgateway_url and textfile are empty.')
      return 1
    }
    if (!result.ok) log.error(`Pushing to ${settings.gateway?.url} failed: ${result.reason}`)
    return result.ok ? 0 : 1
  })
}
