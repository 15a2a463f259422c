// Signs of life for systemd's watchdog. They come from the work that is watched, so that a stuck agent counts as dead.

import type { ServiceManager } from './service-manager.ts'

export type LifeSigns = {
  readonly kopiaCallBegan: () => void
  readonly kopiaCallEnded: () => void
  /** More of a log was read. */
  readonly readOn: () => void
  /** A sweep went through. */
  readonly sweptAll: () => Promise<void>
  /** Gives a sign while work is under way that makes no sweep possible, but whose steps are bounded in time. */
  readonly giveIfBusy: () => void
}

/** Reading on counts as a sign, and so does waiting for Kopia, whose calls have time limits. */
export function createLifeSigns({ alive }: Pick<ServiceManager, 'alive'>): LifeSigns {
  let callsUnderWay = 0
  let hasReadOn = false
  return {
    kopiaCallBegan: () => {
      callsUnderWay += 1
    },
    kopiaCallEnded: () => {
      callsUnderWay -= 1
    },
    readOn: () => {
      hasReadOn = true
    },
    sweptAll: async () => {
      hasReadOn = false
      await alive()
    },
    giveIfBusy: () => {
      if (callsUnderWay > 0 || hasReadOn) void alive()
      hasReadOn = false
    },
  }
}
