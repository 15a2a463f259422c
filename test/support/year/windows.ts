// The parts of the year that promtool evaluates, and how closely.
//
// An evaluation of all rules costs some milliseconds per source, so evaluating the whole year every five minutes would take
// hours. Instead, the whole year is evaluated every five hours (which covers every hour of the day), where a pending alert
// counts, too; and the time around each incident and each special time is evaluated every five minutes.

import { at, day, daysOfYear, hour, minute, yearBegins } from './calendar.ts'
import { type Incident, specialTimes } from './incidents.ts'
import type { MachineYear } from './machine.ts'
import type { SourcePlan } from './plan.ts'
import type { TimeRange } from './tracks.ts'

export type EvaluationWindow = TimeRange & {
  readonly machineYear: MachineYear
  readonly sources: readonly SourcePlan[]
  /** The only alert that is evaluated; all if undefined. */
  readonly alert?: string
  /** The incident that the window covers. */
  readonly incident?: Incident
  readonly sampleSeconds: number
  readonly evaluationSeconds: number
  /** `pending` counts alerts that wait for their `for`, too. */
  readonly counts: 'firing' | 'pending'
}

/** promtool loads at most 10,000 samples per query, and some rules look back over weeks. */
const sourcesAtOnce = 2

const fine = { sampleSeconds: 5 * minute, evaluationSeconds: 5 * minute, counts: 'firing' } as const
const coarse = { sampleSeconds: 30 * minute, evaluationSeconds: 5 * hour, counts: 'pending' } as const

/** The days of history that an alert uses; half a day for others. */
const historyDays: Readonly<Record<string, number>> = {
  KopiaBackupOverdue: 15,
  KopiaBackupStuck: 29,
  KopiaBackupSizeDropped: 32,
  KopiaBackupMassChange: 30,
  KopiaBackupFilesUnreadable: 2,
  KopiaRepositoryFillingUp: 8,
}

const year: TimeRange = { from: yearBegins, until: at(daysOfYear) - 30 * minute }

/** All windows, the longest first. */
export function evaluationWindows(machineYears: readonly MachineYear[]): readonly EvaluationWindow[] {
  const all = machineYears.flatMap((machineYear) => [
    ...batches(machineYear).flatMap((batch) => [{ ...batch, ...coarse, ...year }, ...specialWindows(batch)]),
    ...[...machineYear.observed].map(([incident, { endedAt }]) =>
      incidentWindow(machineYear, incident, endedAt),
    ),
  ])
  return all.toSorted((one, other) => evaluationsOf(other) - evaluationsOf(one))
}

type Batch = Pick<EvaluationWindow, 'machineYear' | 'sources'>

function batches(machineYear: MachineYear): readonly Batch[] {
  const { sources } = machineYear
  const count = Math.ceil(sources.length / sourcesAtOnce)
  return Array.from({ length: count }, (_, index) => ({
    machineYear,
    sources: sources.slice(index * sourcesAtOnce, (index + 1) * sourcesAtOnce),
  }))
}

function specialWindows(batch: Batch): readonly EvaluationWindow[] {
  const times = specialTimes.filter(
    ({ machine }) => machine === undefined || machine === batch.machineYear.machine,
  )
  return times.flatMap(({ time, needsHistory }) => {
    const near = { ...batch, ...fine, from: time - hour, until: time + 5 * hour }
    if (!needsHistory) return [near]
    const overdue = { ...near, alert: 'KopiaBackupOverdue', from: time - 16 * day, until: time + 2 * day }
    return [near, overdue]
  })
}

function incidentWindow(machineYear: MachineYear, incident: Incident, endedAt: number): EvaluationWindow {
  const from = Math.max(yearBegins, incident.from - (historyDays[incident.alert] ?? 0.5) * day)
  const until = Math.ceil(endedAt / (5 * minute)) * 5 * minute + 6 * hour
  const affected = machineYear.sources.filter(({ path }) => path === incident.path)
  return {
    machineYear,
    sources: affected.length > 0 ? affected : machineYear.sources.slice(0, 1),
    alert: incident.alert,
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
