// run: watches and pushes until SIGTERM or SIGINT.

import type { Settings } from '../settings/settings.ts'
import type { Log } from '../util/log.ts'
import { withAgent } from './with-agent.ts'

/** Resolves with the exit code. */
export function runCommand(settings: Settings, version: string): Promise<0 | 1> {
  return withAgent(settings, version, async (agent, log) => {
    const stopSignal = nextStopSignal(log)
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

/** A second signal ends the process at once: its sender does not want to wait. SIGHUP must not end it. */
function nextStopSignal(log: Log): Promise<NodeJS.Signals> {
  process.on('SIGHUP', () => log.info('SIGHUP: nothing is reloaded; restart to change settings.'))
  return new Promise((resolve) => {
    let isStopping = false
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (isStopping) process.exit(1)
        isStopping = true
        resolve(signal)
      })
    }
  })
}
