// Which parts of the year promtool looks at, and how closely.
//
// Each evaluation of all rules costs some milliseconds a source, so five minutes apart for the whole year would take
// hours. Instead: all of it every five hours, which comes by every hour of the day, and where a rule that so much as
// waits counts; and every five minutes what is around each incident and each special moment.

import { at, day, daysOfYear, hour, minute, yearBegins } from './calendar.ts'
import { type Incident, specialMoments } from './incidents.ts'
import type { MachineYear } from './machine.ts'
import type { SourcePlan } from './plan.ts'
import type { Window } from './tracks.ts'

export type Look = Window & {
  readonly machineYear: MachineYear
  readonly sources: readonly SourcePlan[]
  /** The only alert that is evaluated; all where nothing is said. */
  readonly alert?: string
  /** The incident that it is about. */
  readonly incident?: Incident
  readonly sampleSeconds: number
  readonly evaluationSeconds: number
  /** Whether an alert that waits (`for`) counts as one that fires. */
  readonly counts: 'firing' | 'waiting'
}

/** promtool loads 10,000 samples for a query at the most, and some rules look back over weeks. */
const sourcesAtOnce = 2

const closely = { sampleSeconds: 5 * minute, evaluationSeconds: 5 * minute, counts: 'firing' } as const
const fromAfar = { sampleSeconds: 30 * minute, evaluationSeconds: 5 * hour, counts: 'waiting' } as const

/** How much history an alert needs before it is at its sharpest, in days; half a day where nothing is said. */
const historyDays: Readonly<Record<string, number>> = {
  KopiaBackupOverdue: 15,
  KopiaBackupStuck: 29,
  KopiaBackupSizeDropped: 32,
  KopiaBackupMassChange: 30,
  KopiaBackupFilesUnreadable: 2,
  KopiaRepositoryFillingUp: 8,
}

const year: Window = { from: yearBegins, until: at(daysOfYear) - 30 * minute }

/** All that is looked at, the longest first. */
export function looksAt(machineYears: readonly MachineYear[]): readonly Look[] {
  const all = machineYears.flatMap((machineYear) => [
    ...shares(machineYear).flatMap((share) => [{ ...share, ...fromAfar, ...year }, ...momentsOf(share)]),
    ...[...machineYear.seen].map(([incident, { endedAt }]) => lookAtIncident(machineYear, incident, endedAt)),
  ])
  return all.toSorted((one, other) => evaluationsOf(other) - evaluationsOf(one))
}

type Share = Pick<Look, 'machineYear' | 'sources'>

function shares(machineYear: MachineYear): readonly Share[] {
  const { sources } = machineYear
  const count = Math.ceil(sources.length / sourcesAtOnce)
  return Array.from({ length: count }, (_, index) => ({
    machineYear,
    sources: sources.slice(index * sourcesAtOnce, (index + 1) * sourcesAtOnce),
  }))
}

function momentsOf(share: Share): readonly Look[] {
  const { machine } = share.machineYear
  const moments = specialMoments.filter(
    (moment) => moment.machine === undefined || moment.machine === machine,
  )
  return moments.flatMap(({ time, hasHistory }) => {
    const near = { ...share, ...closely, from: time - hour, until: time + 5 * hour }
    if (!hasHistory) return [near]
    const overdue = { ...near, alert: 'KopiaBackupOverdue', from: time - 16 * day, until: time + 2 * day }
    return [near, overdue]
  })
}

function lookAtIncident(machineYear: MachineYear, incident: Incident, endedAt: number): Look {
  const from = Math.max(yearBegins, incident.from - (historyDays[incident.alert] ?? 0.5) * day)
  const until = Math.ceil(endedAt / (5 * minute)) * 5 * minute + 6 * hour
  const its = machineYear.sources.filter(({ path }) => path === incident.path)
  return {
    machineYear,
    sources: its.length > 0 ? its : machineYear.sources.slice(0, 1),
    alert: incident.alert,
    incident,
    ...closely,
    // What takes weeks to tell is not told to the minute.
    ...(until - from > 40 * day && { evaluationSeconds: 15 * minute }),
    from,
    until,
  }
}

/** Number of evaluations. */
export function evaluationsOf({ from, until, evaluationSeconds }: Look): number {
  return Math.floor((until - from) / evaluationSeconds) + 1
}
