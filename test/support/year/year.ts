// The whole year: simulated, evaluated, and judged.

import { createRandom } from '../random.ts'
import { sightingsIn } from './evaluate.ts'
import { incidents } from './incidents.ts'
import { judge, type Verdict } from './judge.ts'
import { type MachineYear, simulateMachine } from './machine.ts'
import { machines, sources } from './plan.ts'
import { looksAt } from './windows.ts'

/** Chance enough for jitter; another seed is another year. */
export const seedOfTheYear = 2029

/** Simulates the year and has promtool evaluate the rules over it, with files in `folder`. */
export async function runYear(seed: number, folder: string): Promise<Verdict> {
  const machineYears = simulateYear(seed)
  return judge(machineYears, await sightingsIn(looksAt(machineYears), machineYears, folder))
}

/** Each machine's, with chance of its own for each thing in it, so that a change to one changes no other. */
export function simulateYear(seed: number): readonly MachineYear[] {
  return machines.map((machine) =>
    simulateMachine(
      machine,
      sources.filter((source) => source.machine === machine),
      incidents.filter((incident) => incident.machine === machine || incident.machine === '*'),
      (what) => createRandom(seed + hashOf(`${machine} ${what}`)),
    ),
  )
}

function hashOf(text: string): number {
  return [...text].reduce((hash, character) => (Math.imul(hash, 31) + (character.codePointAt(0) ?? 0)) | 0, 7)
}
