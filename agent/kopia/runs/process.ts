// Finds out whether a process of Kopia still runs: its end is the end of its run.

import type { Processes } from './process-identity.ts'
import { linuxProcesses } from './process-linux.ts'
import { createPsProcesses } from './process-ps.ts'

export { type Processes, type ProcessIdentity, visibleIdOf } from './process-identity.ts'

/** How processes are looked at on this platform. */
export function processesOn(platform: NodeJS.Platform): Processes {
  return platform === 'linux' ? linuxProcesses : createPsProcesses()
}

/** The processes of this machine. */
export const machineProcesses = processesOn(process.platform)

/**
 * Those of another machine, such as the Windows around WSL: none can be seen, and a pid or the start of this machine says
 * nothing of them.
 */
export const unseenProcesses: Processes = {
  findWriter: () => undefined,
  findWriterInContainers: () => undefined,
  findLiving: () => undefined,
  livingSince: () => Number.NEGATIVE_INFINITY,
  isAlive: () => false,
  bootedAt: () => Number.NEGATIVE_INFINITY,
}
