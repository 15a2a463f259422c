// Faults of the daemon's own tasks: each is reported when it begins or changes, not at each try.

import { messageOf } from '../util/error-text.ts'
import { createFaultMemory } from '../util/fault-memory.ts'
import type { Log } from '../util/log.ts'

export type FaultGuard = {
  /** Runs the task; resolves with undefined where it fails. `name` is the subject of the message: "Saving the ledger". */
  readonly run: <T>(name: string, task: () => Promise<T>) => Promise<T | undefined>
}

/** A guard for tasks that are tried again anyway. */
export function createFaultGuard(log: Log): FaultGuard {
  const memory = createFaultMemory({
    onFault: (name, error) => {
      log.error(`${name} failed, it is tried again: ${messageOf(error)}`)
      if (error instanceof Error) log.debug(error.stack ?? '')
    },
    onRecovered: (name) => log.info(`${name} works again.`),
  })
  return {
    run: async (name, task) => {
      try {
        const result = await task()
        memory.recover(name)
        return result
      } catch (error) {
        memory.report(name, error)
        return undefined
      }
    },
  }
}
