// The content of a lock: which process holds it, in a form that a later process with the same pid does not match.

import { readFileSync } from 'node:fs'
import { machineProcesses } from '../kopia/runs/process.ts'

const { findLiving, isAlive } = machineProcesses

/** On Linux start times count from the boot, so after a reboot another process can have the same pid and start time. */
const bootId = readBootId()

/** `PID START BOOT`, of a living process; without BOOT where the system has no boot id. */
export function holderText(processId: number): string {
  return [processId, findLiving(processId), ...(bootId === undefined ? [] : [bootId])].join(' ')
}

/**
 * The pid of the process that a lock names, if it still lives. Undefined for an empty or unknown content. Earlier versions
 * wrote `PID START`.
 */
export function livingHolder(text: string): number | undefined {
  const [, pid, identity = '', boot = bootId] = /^(\d+) (\S+)(?: (\S+))?$/.exec(text.trim()) ?? []
  const isOfThisBoot = bootId === undefined || boot === bootId
  return pid !== undefined && isOfThisBoot && isAlive(Number(pid), identity) ? Number(pid) : undefined
}

/** Random for each boot (random(4)); undefined where the system has none. */
function readBootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return undefined
  }
}
