// Whether a process of Kopia still lives: its end is the end of its run.

import { readFileSync } from 'node:fs'

/** Linux only: elsewhere, or where /proc hides other users' processes, signal 0 has to do. */
export function isAlive(processId: number): boolean {
  return !isZombie(processId) && acceptsSignals(processId)
}

/** A zombie has ended, whether its parent noticed or not: state Z or X in proc_pid_stat(5). */
function isZombie(processId: number): boolean {
  try {
    const stat = readFileSync(`/proc/${processId}/stat`, 'latin1')
    return /^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2))
  } catch {
    return false
  }
}

/** kill(2): signal 0 only checks; EPERM says that the process is there, but another user's. */
function acceptsSignals(processId: number): boolean {
  try {
    process.kill(processId, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
