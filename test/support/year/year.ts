// Simulates a year of backups, evaluates the alert rules over it, and compares the alerts with the incidents.

import { createRandom } from '../random.ts'
import { activeAlertsIn } from './evaluate.ts'
import { incidents } from './incidents.ts'
import { type MachineYear, simulateMachine, type Watcher } from './machine.ts'
import { machines, sources } from './plan.ts'
import { resultOf, type YearResult } from './result.ts'
import { evaluationWindows } from './windows.ts'

/** The seed of the published table. It determines the jitter; another seed gives another year. */
export const seedOfTheYear = 2029

/** Has promtool evaluate the rules over a simulated year. Writes its files to `folder`. */
export async function evaluateYear(
  machineYears: readonly MachineYear[],
  folder: string,
): Promise<YearResult> {
  return resultOf(machineYears, await activeAlertsIn(evaluationWindows(machineYears), machineYears, folder))
}

/**
 * Simulates each machine. Every part has its own random numbers, so that a change to one part changes no other. `watch` is
 * told what the machines' agents would show.
 */
export function simulateYear(seed: number, watch: Watcher = () => {}): readonly MachineYear[] {
  return machines.map((machine) =>
    simulateMachine(
      machine,
      sources.filter((source) => source.machine === machine),
      incidents.filter((incident) => incident.machine === machine || incident.machine === '*'),
      (part) => createRandom(seed + hashOf(`${machine} ${part}`)),
      watch,
    ),
  )
}

function hashOf(text: string): number {
  return [...text].reduce((hash, character) => (Math.imul(hash, 31) + (character.codePointAt(0) ?? 0)) | 0, 7)
}
