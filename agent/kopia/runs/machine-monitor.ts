// The process monitor of this machine, with what a tracker knows beside the processes.

import type { Source } from '../source.ts'
import { configurationOfProcess } from './configuration.ts'
import { machineProcesses, type Processes } from './process.ts'
import { createProcessMonitor, type ProcessMonitor } from './process-monitor.ts'
import type { RunStore } from './run-store.ts'

type MachineMonitorOptions = {
  readonly configurationPath: string
  readonly longestSuccessSeconds?: (source: Source) => number | undefined
  readonly newestStartOf?: (source: Source) => number | undefined
  readonly processes?: Processes
  readonly nowSeconds: () => number
}

/** Creates a monitor that compares the configurations of processes with the agent's own. */
export function createMachineMonitor(
  {
    configurationPath,
    longestSuccessSeconds = () => undefined,
    newestStartOf = () => undefined,
    processes = machineProcesses,
    nowSeconds,
  }: MachineMonitorOptions,
  store: RunStore,
): ProcessMonitor {
  const configurationOf = (processId: number) => configurationOfProcess(processId, configurationPath)
  const known = { longestSuccessSeconds, newestStartOf }
  return createProcessMonitor({ store, processes, configurationOf, nowSeconds, ...known })
}
