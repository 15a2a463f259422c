// Takes the hooks' events from the spool into the runs. An event leaves the spool once a saved ledger holds it.

import type { RunTracker } from '../kopia/runs/tracker.ts'
import type { Spool } from '../spool/spool.ts'
import { coalesce } from '../util/coalesce.ts'
import type { Log } from '../util/log.ts'

export type EventIntake = {
  /** Resolves once the events that are in the spool now are in the runs. */
  readonly take: () => Promise<void>
  /** Whether events were taken since the last call. */
  readonly hasNewEvents: () => boolean
  /** The events that are in the runs but in no saved ledger. */
  readonly unsaved: () => readonly string[]
  /** The ledger on disk holds these events: they leave the spool. */
  readonly remove: (fileNames: readonly string[]) => Promise<void>
}

type EventIntakeOptions = {
  readonly spool: Pick<Spool, 'take' | 'remove'>
  readonly tracker: Pick<RunTracker, 'addHookCall'>
  readonly log: Log
}

/** Binds the spool to the runs. */
export function createEventIntake({ spool, tracker, log }: EventIntakeOptions): EventIntake {
  const unsaved = new Set<string>()
  let hasNews = false

  const take = coalesce(async () => {
    for (const { fileName, call } of await spool.take()) {
      await tracker.addHookCall(call)
      if (call.actionExitCode) {
        log.warn(`The ${call.action}-action of ${call.path} ended with exit code ${call.actionExitCode}.`)
      }
      unsaved.add(fileName)
      hasNews = true
    }
  })

  return {
    take,
    hasNewEvents: () => {
      const hadNews = hasNews
      hasNews = false
      return hadNews
    },
    unsaved: () => [...unsaved],
    remove: async (fileNames) => {
      await spool.remove(fileNames)
      for (const fileName of fileNames) unsaved.delete(fileName)
    },
  }
}
