// run: watches and pushes until SIGTERM or SIGINT.

import type { Settings } from '../settings/settings.ts'
import { withAgent } from './with-agent.ts'

/** Resolves with the exit code, after `stopSignal` has resolved or the start has failed. */
export function runCommand(
  settings: Settings,
  version: string,
  stopSignal: Promise<NodeJS.Signals>,
): Promise<0 | 1> {
  return withAgent(settings, version, async (agent, log) => {
    // SIGHUP must not end the agent.
    process.on('SIGHUP', () => log.info('SIGHUP: nothing is reloaded; restart to change settings.'))
    try {
      // A start that fails (a port in use) ends the command. A signal ends it, too, also during the start.
      const signal = await Promise.race([agent.run().then(() => stopSignal), stopSignal])
      log.info(`Stopping on ${signal}.`)
    } finally {
      await agent.stop()
    }
    return 0
  })
}
