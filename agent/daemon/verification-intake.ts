// Takes the results of `verify` into the ledger. A result is removed once a saved ledger holds it.

import type { Ledger } from '../ledger/ledger.ts'
import { readVerifications, removeVerifications } from '../ledger/verification-files.ts'
import type { Settings } from '../settings/settings.ts'
import type { Log } from '../util/log.ts'
import type { EventIntake } from './event-intake.ts'
import type { FaultGuard } from './faults.ts'

export type VerificationIntake = Pick<EventIntake, 'take' | 'unsaved' | 'remove'>

type VerificationIntakeOptions = {
  readonly settings: Pick<Settings, 'stateDirectory'>
  readonly ledger: Pick<Ledger, 'addVerification'>
  readonly faults: FaultGuard
  readonly nowSeconds: () => number
  readonly log: Log
}

/** Binds the folder of the results to the ledger. */
export function createVerificationIntake(options: VerificationIntakeOptions): VerificationIntake {
  const { settings, ledger, faults, nowSeconds, log } = options
  const unsaved = new Set<string>()

  async function take(): Promise<void> {
    const { files, broken, unreadable } = await readVerifications(settings.stateDirectory)
    for (const { path, source, verification } of files) {
      ledger.addVerification(source, verification, nowSeconds())
      unsaved.add(path)
    }
    for (const { path, reason } of broken)
      log.warn(`${path} is removed, it is no result of verify: ${reason}`)
    await removeVerifications(broken)
    for (const { reason } of unreadable) throw new Error(reason)
  }

  return {
    take: () => faults.run('Taking the results of verify', take).then(() => undefined),
    unsaved: () => [...unsaved],
    remove: async (paths) => {
      await removeVerifications(paths.map((path) => ({ path })))
      for (const path of paths) unsaved.delete(path)
    },
  }
}
