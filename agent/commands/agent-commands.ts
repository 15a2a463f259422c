// The commands that need the whole agent, each resolving with its exit code.

import { type Agent, createAgent } from '../daemon/agent.ts'
import { takeServiceManager } from '../daemon/service-manager.ts'
import { takeLock } from '../ledger/lock.ts'
import { prepareStateDirectory } from '../ledger/state-directory.ts'
import type { Settings } from '../settings/settings.ts'
import { createLog, type Log } from '../util/log.ts'

export type Command = (settings: Settings, version: string) => Promise<0 | 1>

/** Watches and pushes until SIGTERM or SIGINT. */
export const runCommand: Command = (settings, version) =>
  withAgent(settings, version, async (agent, log) => {
    const stopSignal = nextStopSignal(log)
    // What can't even start (a port in use) ends the command; a signal ends it too, also while it still catches up.
    const signal = await Promise.race([agent.run().then(() => stopSignal), stopSignal])
    log.info(`Stopping on ${signal}.`)
    await agent.stop()
    return 0
  })

/** Brings the ledger up to date and pushes once. */
export const pushCommand: Command = (settings, version) =>
  withAgent(settings, version, async (agent, log) => {
    const result = await agent.pushOnce()
    if (!result.ok) log.error(`Pushing to ${settings.gateway?.url} failed: ${result.reason}`)
    return result.ok ? 0 : 1
  })

async function withAgent(
  settings: Settings,
  version: string,
  work: (agent: Agent, log: Log) => Promise<0 | 1>,
): Promise<0 | 1> {
  const log = createLog(settings.logLevel, settings.logFormat)
  try {
    await prepareStateDirectory(settings.stateDirectory)
  } catch (error) {
    log.error(error instanceof Error ? error.message : String(error))
    return 1
  }
  const lock = await takeLock(settings.stateDirectory, process.pid)
  if (lock.kind === 'held') {
    log.error(`An agent with pid ${lock.processId} uses ${settings.stateDirectory} already: stop it first.`)
    return 1
  }
  try {
    const agent = await createAgent({
      settings,
      version,
      log,
      serviceManager: takeServiceManager(process.env, process.pid, (reason) =>
        log.warn(`systemd can't be told how the service is: systemd-notify: ${reason}`),
      ),
      nowSeconds: () => Date.now() / 1000,
      random: Math.random,
    })
    return await work(agent, log)
  } catch (error) {
    log.error(error instanceof Error ? error.message : String(error))
    return 1
  } finally {
    await lock.release()
  }
}

/** A second signal ends at once: whoever sends it does not want to wait. SIGHUP means nothing here, and must not kill. */
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
