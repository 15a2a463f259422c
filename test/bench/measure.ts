// Measures wall time of work, and CPU time and memory of processes as the kernel counts them.

import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Cleanable, cleanUpAfter } from '../support/cleanup.ts'

/** Runs `work` with a temporary folder. Afterwards runs the clean-up tasks of `context` and removes the folder. */
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

/** The milliseconds that `work` takes. */
export async function millisecondsOf(work: () => Promise<unknown> | unknown): Promise<number> {
  const begin = process.hrtime.bigint()
  await work()
  return Number(process.hrtime.bigint() - begin) / 1e6
}

/**
 * The milliseconds of several works, measured in turn, so that other load on the machine affects all alike. The first round
 * is a warm-up and does not count.
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

/** CPU seconds of a process and its ended children, in ticks of 10 ms (proc_pid_stat(5)). */
export function cpuSecondsWithChildren(processId: number): number {
  const stat = readFileSync(`/proc/${processId}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  // Fields 14 to 17 of the line; `fields` begins with the third.
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0) / ticksPerSecond
}

/** CPU seconds of a process's living threads, to the nanosecond, for processes that hardly use any. */
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

/** The peak of a process's resident memory, in MiB. */
export function peakMebibytes(processId: number): number {
  return memoryField(processId, 'VmHWM')
}

/** The peak of a process that may have ended; 0 if it has. */
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
