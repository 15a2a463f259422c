// Faults of the daemon's own tasks: each is reported when it begins or changes, not at each try.

import type { Log } from '../util/log.ts'

export type FaultGuard = {
  /** Runs the task; resolves with undefined where it fails. `name` is the subject of the message: "Saving the ledger". */
  readonly run: <T>(name: string, task: () => Promise<T>) => Promise<T | undefined>
}

/** A guard for tasks that are tried again anyway. */
export function createFaultGuard(log: Log): FaultGuard {
  const reported = new Map<string, string>()
  return {
    run: async (name, task) => {
      try {
        const result = await task()
        if (reported.delete(name)) log.info(`${name} works again.`)
        return result
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        if (reported.get(name) !== reason) log.error(`${name} failed, it is tried again: ${reason}`)
        if (error instanceof Error) log.debug(error.stack ?? '')
        reported.set(name, reason)
        return undefined
      }
    },
  }
}
