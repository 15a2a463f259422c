// Processes that a unit test hands in, in place of those of the machine.

import type { Processes, ProcessIdentity } from '../../agent/kopia/runs/process.ts'

type Machine = {
  /** The living processes by pid. */
  readonly living?: Readonly<Record<number, ProcessIdentity>>
  /** The run whose log the process holds open, by its pid. */
  readonly logs?: Readonly<Record<number, string>>
  /** The process in a container that holds the log of a run open, by the run. */
  readonly inContainers?: Readonly<Record<string, ProcessIdentity>>
  readonly bootedAt?: number
  /** When all these processes started, in Unix seconds; by default before everything. */
  readonly startedAt?: number
}

/** Creates the processes of a machine on which nothing else lives. */
export function machineWith({
  living = {},
  logs = {},
  inContainers = {},
  bootedAt = 0,
  startedAt = Number.NEGATIVE_INFINITY,
}: Machine = {}): Processes {
  return {
    findLiving: (processId) => living[processId],
    livingSince: (processId) => (living[processId] === undefined ? undefined : startedAt),
    findWriter: (processId, runId) => (logs[processId] === runId ? living[processId] : undefined),
    findWriterInContainers: (_, runId) => inContainers[runId],
    isAlive: (processId, identity) =>
      Object.values(inContainers).includes(identity) || living[processId] === identity,
    bootedAt: () => bootedAt,
  }
}
