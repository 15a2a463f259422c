// What `run` and `push` share: the state directory, its lock, and an agent on it.

import { createAgent } from '../daemon/agent.ts'
import type { Agent } from '../daemon/lifecycle.ts'
import { takeServiceManager } from '../daemon/service-manager.ts'
import { takeLock } from '../ledger/lock.ts'
import { prepareStateDirectory } from '../ledger/state-directory.ts'
import type { Settings } from '../settings/settings.ts'
import { messageOf } from '../util/error-text.ts'
import { createLog, type Log } from '../util/log.ts'

/** Does the work with the only agent of the state directory. Resolves with 1, and logs why, where that can't be. */
export async function withAgent(
  settings: Settings,
  version: string,
  work: (agent: Agent, log: Log) => Promise<0 | 1>,
): Promise<0 | 1> {
  const log = createLog(settings.logLevel, settings.logFormat)
  try {
    await prepareStateDirectory(settings.stateDirectory)
    return await withLock(settings.stateDirectory, log, async () =>
      work(await createAgentOf(settings, version, log), log),
    )
  } catch (error) {
    log.error(messageOf(error))
    return 1
  }
}

async function withLock(stateDirectory: string, log: Log, work: () => Promise<0 | 1>): Promise<0 | 1> {
  const lock = await takeLock(stateDirectory, process.pid)
  if (lock.kind === 'held') {
    log.error(`An agent with pid ${lock.processId} uses ${stateDirectory} already: stop it first.`)
    return 1
  }
  try {
    return await work()
  } finally {
    await lock.release()
  }
}

function createAgentOf(settings: Settings, version: string, log: Log): Promise<Agent> {
  return createAgent({
    settings,
    version,
    log,
    serviceManager: takeServiceManager(process.env, process.pid, (reason) =>
      log.warn(`The state of the service can't be reported to systemd: systemd-notify: ${reason}`),
    ),
    nowSeconds: () => Date.now() / 1000,
    random: Math.random,
  })
}
