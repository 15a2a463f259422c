// Ways to measure: wall time of work, CPU time and memory of processes as the kernel counts them.

import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Cleanable, cleanUpAfter } from '../support/cleanup.ts'

/** Runs `work` with a temporary folder; all that it started is stopped afterwards, and the folder removed. */
export async function withFolder<T>(work: (folder: string, context: Cleanable) => Promise<T>): Promise<T> {
  const tasks: (() => unknown)[] = []
  const context = { after: (task: () => unknown) => tasks.push(task) }
  const folder = await mkdtemp(join(tmpdir(), 'kopia-metrics-bench-'))
  cleanUpAfter(context, () => rm(folder, { recursive: true, force: true }))
  try {
    return await work(folder, context)
  } finally {
    for (const task of tasks) await task()
  }
}

/** Milliseconds that `work` took. */
export async function millisecondsOf(work: () => Promise<unknown> | unknown): Promise<number> {
  const begin = process.hrtime.bigint()
  await work()
  return Number(process.hrtime.bigint() - begin) / 1e6
}

/**
 * Milliseconds of each of several works, round by round, so that what else the machine does meets all alike; the first
 * round only warms up.
 */
export async function interleaved<Name extends string>(
  rounds: number,
  works: Readonly<Record<Name, () => Promise<unknown> | unknown>>,
): Promise<(name: Name) => readonly number[]> {
  const measured = new Map<string, number[]>()
  for (let round = 0; round <= rounds; round += 1) {
    for (const [name, work] of Object.entries<() => unknown>(works)) {
      const milliseconds = await millisecondsOf(work)
      if (round > 0) measured.set(name, [...(measured.get(name) ?? []), milliseconds])
    }
  }
  return (name) => measured.get(name) ?? []
}

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

/** CPU seconds of a process and of its children that have ended, in steps of a tick of 10 ms (proc_pid_stat(5)). */
export function cpuSecondsWithChildren(processId: number): number {
  const stat = readFileSync(`/proc/${processId}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  // Fields 14 to 17, counted from the third.
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0) / ticksPerSecond
}

/** CPU seconds of a process's own living threads, to the nanosecond: for those that hardly do anything. */
export function cpuSeconds(processId: number): number {
  const folder = `/proc/${processId}/task`
  const nanoseconds = readdirSync(folder).map((thread) =>
    Number(readFileSync(`${folder}/${thread}/schedstat`, 'latin1').split(' ')[0]),
  )
  return nanoseconds.reduce((sum, one) => sum + one, 0) / 1e9
}

/** Resident memory of a process, in MiB. */
export function residentMebibytes(processId: number): number {
  return memoryField(processId, 'VmRSS')
}

/** The most that it ever had resident, in MiB. */
export function peakMebibytes(processId: number): number {
  return memoryField(processId, 'VmHWM')
}

/** The same of a process that may just have ended, and then has no memory any more: 0. */
export function peakMebibytesIfAny(processId: number): number {
  try {
    return peakMebibytes(processId)
  } catch {
    return 0
  }
}

function memoryField(processId: number, name: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${processId}/status`, 'utf8')
  const kibibytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]
  if (kibibytes === undefined) throw new Error(`/proc/${processId}/status: expected ${name}`)
  return Number(kibibytes) / 1024
}
