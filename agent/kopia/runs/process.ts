// Whether a process of Kopia still lives: its end is the end of its run.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'

/** Tells a process from a later one with the same pid. */
export type ProcessIdentity = string

const hasProc = process.platform === 'linux'

/**
 * The process that has a log of this run open. Undefined where there is none to be seen: it has ended, or it
 * lives in another container, where the pid in the log's name belongs to somebody else here.
 */
export function findWriter(processId: number, runId: string): ProcessIdentity | undefined {
  if (!hasProc) return findLiving(processId)
  return hasOpenFile(processId, `kopia-${runId}.`) ? findLiving(processId) : undefined
}

/** The living process with this pid, whatever it does. */
export function findLiving(processId: number): ProcessIdentity | undefined {
  if (hasProc) return startTimeOf(processId)
  return acceptsSignals(processId) ? 'alive' : undefined
}

/** Whether it is still the same process that lives under this pid. */
export function isAlive(processId: number, identity: ProcessIdentity): boolean {
  return findLiving(processId) === identity
}

function hasOpenFile(processId: number, namePrefix: string): boolean {
  const folder = `/proc/${processId}/fd`
  try {
    return readdirSync(folder).some((entry) =>
      basename(linkTarget(`${folder}/${entry}`)).startsWith(namePrefix),
    )
  } catch {
    return false
  }
}

/** A file may be closed between listing and looking. */
function linkTarget(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

/** Fields 3 and 22 of proc_pid_stat(5), counted behind the name, which may hold anything. Zombies are dead. */
function startTimeOf(processId: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${processId}/stat`, 'latin1')
    const [state = 'X', ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return 'ZX'.includes(state) ? undefined : fields[18]
  } catch {
    return undefined
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
