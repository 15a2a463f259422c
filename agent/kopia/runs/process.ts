// Finds out whether a process of Kopia still runs: its end is the end of its run.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'

/** Tells a process from a later one with the same pid. */
export type ProcessIdentity = string

/** How the agent looks at processes. Tests hand in their own. */
export type Processes = {
  readonly findWriter: (processId: number, runId: string) => ProcessIdentity | undefined
  readonly findLiving: (processId: number) => ProcessIdentity | undefined
}

const hasProc = process.platform === 'linux'

/**
 * The process that holds a log of this run open; undefined if none is visible. Then it has ended, or it runs in another
 * container, where the pid in the log's name belongs to another process of this machine.
 */
export function findWriter(processId: number, runId: string): ProcessIdentity | undefined {
  if (!hasProc) return findLiving(processId)
  return hasOpenFile(processId, `kopia-${runId}.`) ? findLiving(processId) : undefined
}

/** The living process with this pid, whatever it is. */
export function findLiving(processId: number): ProcessIdentity | undefined {
  if (hasProc) return startTimeOf(processId)
  return acceptsSignals(processId) ? 'alive' : undefined
}

/** Whether the pid still belongs to the same living process. */
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

/** The process may close the file between the two calls. */
function linkTarget(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

/** Fields 3 and 22 of proc_pid_stat(5). Counts behind the name, which can hold anything. A zombie is not alive. */
function startTimeOf(processId: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${processId}/stat`, 'latin1')
    const [state = 'X', ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return 'ZX'.includes(state) ? undefined : fields[18]
  } catch {
    return undefined
  }
}

/** Signal 0 only checks. EPERM means that the process exists and belongs to another user (kill(2)). */
function acceptsSignals(processId: number): boolean {
  try {
    process.kill(processId, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
