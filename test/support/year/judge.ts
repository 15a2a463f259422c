// Which incidents were told, how soon, whether they were over again, and what was told without any.

import { minute } from './calendar.ts'
import type { Sighting } from './evaluate.ts'
import { consequences, type Incident } from './incidents.ts'
import type { MachineYear } from './machine.ts'
import type { Seen } from './source.ts'

export type IncidentResult = {
  readonly incident: Incident
  /** Undefined: nobody was told. */
  readonly secondsToAlert: number | undefined
  readonly hasCleared: boolean
}

export type Verdict = {
  readonly incidents: readonly IncidentResult[]
  /** Sightings that nothing explains. */
  readonly falseAlarms: readonly Sighting[]
}

/** What is read by last_over_time(…[15m]) is seen for so long after it has gone. */
const clearsWithinSeconds = 15 * minute

/** Judges all that was seen. */
export function judge(machineYears: readonly MachineYear[], sightings: readonly Sighting[]): Verdict {
  const seen = new Map(machineYears.flatMap((machineYear) => [...machineYear.seen]))
  const byIncident = Map.groupBy(sightings, ({ look }) => look.incident)
  return {
    incidents: [...seen].map(([incident, times]) => {
      const its = (byIncident.get(incident) ?? []).filter((sighting) => isAbout(incident, sighting))
      const first = Math.min(...its.map(({ time }) => time).filter((time) => time >= times.bitAt))
      const hasFired = first <= times.endedAt + clearsWithinSeconds
      return {
        incident,
        secondsToAlert: hasFired ? first - times.bitAt : undefined,
        hasCleared: !its.some((sighting) => isLeftOver(sighting, times)),
      }
    }),
    falseAlarms: sightings.filter((sighting) => !isExplained(sighting, seen, machineYears)),
  }
}

function isLeftOver({ time }: Sighting, { endedAt }: Seen): boolean {
  return time > endedAt + clearsWithinSeconds
}

function isAbout({ alert, machine, path }: Incident, sighting: Sighting): boolean {
  return (
    sighting.alert === alert &&
    (machine === '*' || machine === sighting.machine) &&
    (path === undefined || path === sighting.path)
  )
}

function isExplained(
  sighting: Sighting,
  seen: ReadonlyMap<Incident, Seen>,
  machineYears: readonly MachineYear[],
): boolean {
  return [...seen].some(([incident, { bitAt, endedAt }]) => {
    const names = [incident.alert, ...(consequences[incident.effect] ?? [])]
    const isHere = names.some((alert) => isAbout({ ...incident, alert }, sighting))
    const isLeft = sighting.look.incident === incident && sighting.alert === incident.alert
    const end = Math.max(endedAt, mendedAt(incident, sighting, machineYears)) + clearsWithinSeconds
    // What does not clear is counted as that.
    return isHere && sighting.time >= bitAt && (sighting.time <= end || isLeft)
  })
}

/** After a machine's trouble, a source of it is well again with its next good backup. */
function mendedAt(incident: Incident, { path }: Sighting, machineYears: readonly MachineYear[]): number {
  if (incident.path !== undefined || path === undefined) return 0
  const runs = machineYears
    .filter(({ machine }) => machine === incident.machine)
    .flatMap((machineYear) => [...machineYear.runs])
    .filter(([plan]) => plan.path === path)
    .flatMap(([, ofPath]) => ofPath)
  return runs.find(({ begunAt, isGood }) => begunAt >= incident.until && isGood)?.endedAt ?? 0
}
