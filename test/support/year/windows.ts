// The parts of the year that promtool evaluates, and how closely.
//
// The whole year is evaluated every 61 minutes, so at each hour and each minute, where a pending alert counts, too. The time
// around each incident and each special time is evaluated every five minutes.

import { at, day, daysOfYear, hour, minute, yearBegins } from './calendar.ts'
import { type Incident, type SpecialTime, specialTimes } from './incidents.ts'
import type { MachineYear } from './machine.ts'
import type { SourcePlan } from './plan.ts'
import type { TimeRange } from './tracks.ts'

export type EvaluationWindow = TimeRange & {
  readonly machineYears: readonly MachineYear[]
  /** The only sources that are evaluated; all of the machines if undefined. */
  readonly sources?: readonly SourcePlan[]
  /** The only alerts that are evaluated; all if undefined. */
  readonly alerts?: readonly string[]
  /** The incident that the window covers. */
  readonly incident?: Incident
  readonly sampleSeconds: number
  readonly evaluationSeconds: number
  /** `pending` counts alerts that wait for their `for`, too. */
  readonly counts: 'firing' | 'pending'
}

const fine = { sampleSeconds: 5 * minute, evaluationSeconds: 5 * minute, counts: 'firing' } as const
const coarse = { sampleSeconds: 61 * minute, evaluationSeconds: 61 * minute, counts: 'pending' } as const

/** The days of history that an alert uses; half a day for others. */
const historyDays: Readonly<Record<string, number>> = {
  KopiaBackupFilesUnreadable: 2,
  KopiaRepositoryFillingUp: 8,
}

/** All of the year that is evaluated. */
export const year: TimeRange = { from: yearBegins, until: at(daysOfYear) - hour }

/** The year in parts, so that each core has work. They overlap by the history that an alert uses at most. */
const parts: readonly TimeRange[] = [0, 1, 2, 3].map((index) => ({
  from: at(Math.max(0, (index * daysOfYear) / 4 - Math.max(...Object.values(historyDays)))),
  until: Math.min(at(((index + 1) * daysOfYear) / 4), year.until),
}))

/** All windows, the longest first. */
export function evaluationWindows(machineYears: readonly MachineYear[]): readonly EvaluationWindow[] {
  const all: readonly EvaluationWindow[] = [
    ...parts.map((part) => ({ machineYears, ...coarse, ...part })),
    ...specialTimes.flatMap((special) => specialWindows(machineYears, special)),
    ...machineYears.flatMap((machineYear) =>
      [...machineYear.observed].map(([incident, { endedAt }]) =>
        incidentWindow(machineYear, incident, endedAt),
      ),
    ),
  ]
  return all.toSorted((one, other) => evaluationsOf(other) - evaluationsOf(one))
}

function specialWindows(
  machineYears: readonly MachineYear[],
  { time, movesDeadlines }: SpecialTime,
): readonly EvaluationWindow[] {
  const near = { machineYears, ...fine, from: time - hour, until: time + 5 * hour }
  if (!movesDeadlines) return [near]
  return [near, { ...near, alerts: ['KopiaBackupOverdue'], from: time - day, until: time + 15 * day }]
}

function incidentWindow(machineYear: MachineYear, incident: Incident, endedAt: number): EvaluationWindow {
  const from = Math.max(yearBegins, incident.from - (historyDays[incident.alert] ?? 0.5) * day)
  const until = Math.ceil(endedAt / (5 * minute)) * 5 * minute + 6 * hour
  const affected = machineYear.sources.filter(({ path }) => path === incident.path)
  return {
    machineYears: [machineYear],
    sources: affected.length > 0 ? affected : machineYear.sources.slice(0, 1),
    alerts: [incident.alert],
    incident,
    ...fine,
    // An alert that takes weeks to fire does not need a precision of minutes.
    ...(until - from > 40 * day && { evaluationSeconds: 15 * minute }),
    from,
    until,
  }
}

/** The number of evaluations in a window. */
export function evaluationsOf({ from, until, evaluationSeconds }: EvaluationWindow): number {
  return Math.floor((until - from) / evaluationSeconds) + 1
}
