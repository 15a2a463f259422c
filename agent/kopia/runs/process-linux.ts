// Looks at processes where the kernel shows them in /proc: on Linux.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { uptime } from 'node:os'
import { basename } from 'node:path'
import { hasCode } from '../../util/files.ts'
import { type Processes, type ProcessIdentity, visibleIdOf } from './process-identity.ts'

/** The processes of this machine, by /proc. */
export const linuxProcesses: Processes = {
  findWriter,
  findWriterInContainers,
  findLiving: startTimeOf,
  livingSince,
  isAlive: (processId, identity) => {
    const [startTime] = identity.split('@')
    return startTimeOf(visibleIdOf(processId, identity)) === startTime
  },
  bootedAt,
}

function bootedAt(): number {
  return Date.now() / 1000 - uptime()
}

/**
 * The process that holds a log of this run open; undefined if none is visible. Then it has ended, or it runs in another
 * container, where the pid in the log's name belongs to another process of this machine.
 */
function findWriter(processId: number, runId: string): ProcessIdentity | undefined {
  return hasOpenFile(processId, `kopia-${runId}.`) ? startTimeOf(processId) : undefined
}

/**
 * The same for a process in a container whose pid namespace is below the agent's: there it has the pid of the log's name.
 * Looks at every process of the machine, which takes some 10 ms, so call it rarely.
 */
function findWriterInContainers(processId: number, runId: string): ProcessIdentity | undefined {
  for (const entry of readdirSync('/proc')) {
    const ownId = Number(entry)
    if (!Number.isInteger(ownId) || !hasInnerId(ownId, processId)) continue
    const identity = hasOpenFile(ownId, `kopia-${runId}.`) ? startTimeOf(ownId) : undefined
    if (identity !== undefined) return `${identity}@${ownId}`
  }
  return undefined
}

/** The line `NSpid` has the pid of each namespace, the innermost last (proc_pid_status(5)). */
function hasInnerId(ownId: number, processId: number): boolean {
  try {
    return new RegExp(`^NSpid:\t.*\t${processId}$`, 'm').test(readFileSync(`/proc/${ownId}/status`, 'latin1'))
  } catch {
    return false
  }
}

/** Start times count in hundredths of a second, whatever the kernel's own clock (time(7), USER_HZ). */
const ticksPerSecond = 100

/** /proc also has the threads, by numbers of their own, which are no pids of processes. */
function livingSince(processId: number): number | undefined {
  const startTime = startTimeOf(processId)
  if (startTime === undefined) return undefined
  return isProcess(processId) ? bootedAt() + Number(startTime) / ticksPerSecond : undefined
}

/** The line `Tgid` has the pid of the process to which a thread belongs (proc_pid_status(5)). */
function isProcess(id: number): boolean {
  try {
    return readFileSync(`/proc/${id}/status`, 'latin1').includes(`\nTgid:\t${id}\n`)
  } catch {
    return false
  }
}

/** Where the files of a process may not be looked at, its name has to do: capabilities or another user protect them. */
function hasOpenFile(processId: number, namePrefix: string): boolean {
  const folder = `/proc/${processId}/fd`
  try {
    return readdirSync(folder).some((entry) =>
      basename(linkTarget(`${folder}/${entry}`)).startsWith(namePrefix),
    )
  } catch (error) {
    return hasCode(error, 'EACCES') && isNamedKopia(processId)
  }
}

function isNamedKopia(processId: number): boolean {
  try {
    return readFileSync(`/proc/${processId}/comm`, 'latin1').startsWith('kopia')
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
