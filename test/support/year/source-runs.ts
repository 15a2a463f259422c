// The runs of one source during the year.

import { day, daysOfYear, hour, localHoursAt, minute, yearBegins } from './calendar.ts'
import { type Incident, type SourceEffect, sourceEffects } from './incidents.ts'
import type { SourcePlan } from './plan.ts'
import { isIn } from './tracks.ts'

export type Run = {
  readonly startedAt: number
  readonly endedAt: number
  readonly effect: SourceEffect | undefined
  readonly isGood: boolean
}

/** When an incident first took effect, and when its effect ended. */
export type Observation = { readonly startedAt: number; readonly endedAt: number }

export type SourceYear = {
  readonly runs: readonly Run[]
  readonly observed: ReadonlyMap<Incident, Observation>
}

/** The effects of a single run. */
const runEffects = sourceEffects.filter((effect) => effect !== 'does not run' && effect !== 'hangs')
const failing: ReadonlySet<SourceEffect | undefined> = new Set(['fails', 'hangs', 'has unreadable files'])

/** Simulates the source's runs, in order, and the incidents that affect them. */
export function simulateSource(
  plan: SourcePlan,
  incidents: readonly Incident[],
  isAwake: (time: number) => boolean,
  random: () => number,
): SourceYear {
  const runs: Run[] = []
  const starts = new Map<Incident, number>()
  const find = (effect: SourceEffect, time: number) =>
    incidents.find((incident) => incident.effect === effect && isIn(incident, time))
  const observe = (incident: Incident, time: number) => {
    if (!starts.has(incident)) starts.set(incident, time)
  }
  const catchesUp = plan.machine === 'laptop'
  let isPending = false
  let isBusyUntil = 0
  for (let time = yearBegins; time < yearBegins + daysOfYear * day; time += hour) {
    const dayOfYear = Math.floor((time - yearBegins) / day)
    if (dayOfYear < (plan.from ?? 0) || dayOfYear >= (plan.until ?? daysOfYear)) continue
    if (localHoursAt(time).some(plan.isDue)) isPending = true
    else if (!catchesUp) isPending = false
    const startedAt = time + Math.round((2 + random() * 8) * minute)
    const duration = Math.round(plan.durationSeconds * (0.8 + 0.4 * random()))
    if (!isPending || startedAt < isBusyUntil || !isAwake(startedAt)) continue
    const missed = find('does not run', startedAt)
    if (missed !== undefined) {
      observe(missed, startedAt)
      continue
    }
    isPending = false
    const hanging = find('hangs', startedAt)
    if (hanging !== undefined) {
      observe(hanging, startedAt)
      // A person kills the run when the incident ends.
      runs.push({ startedAt, endedAt: hanging.until, effect: 'hangs', isGood: false })
      isBusyUntil = hanging.until
      continue
    }
    const effect = runEffects.find((one) => find(one, startedAt) !== undefined)
    const incident = effect && find(effect, startedAt)
    if (incident !== undefined) observe(incident, startedAt + duration)
    runs.push({ startedAt, endedAt: startedAt + duration, effect, isGood: !failing.has(effect) })
  }
  return { runs, observed: observationsOf(plan, starts, runs) }
}

/** The effect of an incident ends with the first successful run after it. */
function observationsOf(plan: SourcePlan, starts: ReadonlyMap<Incident, number>, runs: readonly Run[]) {
  return new Map(
    [...starts].map(([incident, startedAt]): [Incident, Observation] => {
      const next = runs.find((run) => run.startedAt >= incident.until && run.isGood)
      if (next === undefined) throw new Error(`${incident.effect} on ${plan.path} never ends`)
      return [incident, { startedAt, endedAt: next.endedAt }]
    }),
  )
}
