// One source's year: its runs as they come, or do not.

import { day, daysOfYear, hour, localHoursAt, minute, yearBegins } from './calendar.ts'
import { type Incident, type SourceEffect, sourceEffects } from './incidents.ts'
import type { SourcePlan } from './plan.ts'
import { isIn } from './tracks.ts'

export type Run = {
  readonly begunAt: number
  readonly endedAt: number
  readonly effect: SourceEffect | undefined
  readonly isGood: boolean
}

/** When an incident first showed in what happened, and when that was over again. */
export type Seen = { readonly bitAt: number; readonly endedAt: number }

export type SourceYear = { readonly runs: readonly Run[]; readonly seen: ReadonlyMap<Incident, Seen> }

/** What one run at a time can have. */
const runEffects = sourceEffects.filter((effect) => effect !== 'does not run' && effect !== 'hangs')
const failing: ReadonlySet<SourceEffect | undefined> = new Set(['fails', 'hangs', 'has unreadable files'])

/** Its runs in order, with the incidents that hurt it. */
export function liveThrough(
  plan: SourcePlan,
  incidents: readonly Incident[],
  isAwake: (time: number) => boolean,
  random: () => number,
): SourceYear {
  const runs: Run[] = []
  const bites = new Map<Incident, number>()
  const under = (effect: SourceEffect, time: number) =>
    incidents.find((incident) => incident.effect === effect && isIn(incident, time))
  const bite = (incident: Incident, time: number) => {
    if (!bites.has(incident)) bites.set(incident, time)
  }
  const isCatchingUp = plan.machine === 'laptop'
  let isOwed = false
  let isBusyUntil = 0
  for (let time = yearBegins; time < yearBegins + daysOfYear * day; time += hour) {
    const dayOfYear = Math.floor((time - yearBegins) / day)
    if (dayOfYear < (plan.from ?? 0) || dayOfYear >= (plan.until ?? daysOfYear)) continue
    if (localHoursAt(time).some(plan.isDue)) isOwed = true
    else if (!isCatchingUp) isOwed = false
    const begunAt = time + Math.round((2 + random() * 8) * minute)
    const duration = Math.round(plan.durationSeconds * (0.8 + 0.4 * random()))
    if (!isOwed || begunAt < isBusyUntil || !isAwake(begunAt)) continue
    const missed = under('does not run', begunAt)
    if (missed !== undefined) {
      bite(missed, begunAt)
      continue
    }
    isOwed = false
    const hanging = under('hangs', begunAt)
    if (hanging !== undefined) {
      bite(hanging, begunAt)
      runs.push({ begunAt, endedAt: hanging.until, effect: 'hangs', isGood: false })
      // Then it is ended by hand.
      isBusyUntil = hanging.until
      continue
    }
    const effect = runEffects.find((one) => under(one, begunAt) !== undefined)
    const incident = effect && under(effect, begunAt)
    if (incident !== undefined) bite(incident, begunAt + duration)
    runs.push({ begunAt, endedAt: begunAt + duration, effect, isGood: !failing.has(effect) })
  }
  const seen = [...bites].map(([incident, bitAt]): [Incident, Seen] => {
    const mending = runs.find(({ begunAt, isGood }) => begunAt >= incident.until && isGood)
    if (mending === undefined) throw new Error(`${incident.effect} on ${plan.path} is never mended`)
    return [incident, { bitAt, endedAt: mending.endedAt }]
  })
  return { runs, seen: new Map(seen) }
}
