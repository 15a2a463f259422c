// Decides whether Kopia runs on this machine or on the Windows around WSL, by the folder of its logs.

import { release } from 'node:os'
import { fileSystemOf, isOfHost } from '../../util/mounts.ts'
import { machineProcesses, type Processes, unseenProcesses } from './process.ts'

/** Whose processes write the logs. */
export type LogMachine = 'this' | 'windows'

/** Pure: by the kernel's release (`…-microsoft-standard-WSL2`) and the type of the file system of the logs. */
export function logMachine(kernelRelease: string, fileSystem: string | undefined): LogMachine {
  return /microsoft/i.test(kernelRelease) && isOfHost(fileSystem) ? 'windows' : 'this'
}

/** Whose processes write the logs in this folder. */
export function logMachineOf(folder: string): LogMachine {
  return logMachine(release(), fileSystemOf(folder))
}

/** The processes that can write logs in this folder: those of Windows have pids of their own, and can't be seen. */
export function processesForLogs(folder: string): Processes {
  return logMachineOf(folder) === 'windows' ? unseenProcesses : machineProcesses
}
