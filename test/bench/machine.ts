// The machine of a measurement; the figures mean nothing without it.

import { execFileSync } from 'node:child_process'
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os'
import { tool } from '../support/tools.ts'

export type Machine = {
  readonly processor: string
  readonly cores: number
  readonly memoryGibibytes: number
  readonly kernel: string
  readonly node: string
  readonly kopia: string
  /** The load average when the bench began. On a busy machine only ratios are meaningful. */
  readonly load: number
}

/** This machine, now. */
export function thisMachine(): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGibibytes: Math.round(totalmem() / 2 ** 30),
    kernel: `Linux ${release()}`,
    node: process.versions.node,
    kopia: execFileSync(tool('kopia'), ['--version'], { encoding: 'utf8' }).split(' ')[0] ?? '',
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  }
}

/** One line for the tables. */
export function machineWords(machine: Machine): string {
  const { processor, cores, memoryGibibytes, kernel, node, kopia } = machine
  return `${processor}, ${cores} cores, ${memoryGibibytes} GiB, ${kernel}, Node ${node}, Kopia ${kopia}`
}
