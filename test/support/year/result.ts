// Compares the alerts of the year with its incidents: which incidents were detected, how soon, whether the alerts cleared,
// and which alerts were false.

import { minute } from './calendar.ts'
import type { ActiveAlert } from './evaluate.ts'
import { consequences, gatewayRestarts, type Incident } from './incidents.ts'
import { heartbeat, type MachineYear } from './machine.ts'
import type { Observation } from './source-runs.ts'
import { isIn } from './tracks.ts'

export type IncidentResult = {
  readonly incident: Incident
  /** In Unix seconds; undefined if no alert fired. The next likewise. */
  readonly alertedAt: number | undefined
  readonly secondsToAlert: number | undefined
  readonly hasCleared: boolean
}

export type YearResult = {
  readonly incidents: readonly IncidentResult[]
  /** Alerts that no incident explains. */
  readonly falseAlarms: readonly ActiveAlert[]
}

/** Rules read last_over_time(…[15m]), so an alert may last this long after its cause. */
const clearsWithinSeconds = 15 * minute

/** Compares all alerts with all observed incidents. */
export function resultOf(machineYears: readonly MachineYear[], alerts: readonly ActiveAlert[]): YearResult {
  const observed = new Map(machineYears.flatMap((machineYear) => [...machineYear.observed]))
  const byIncident = Map.groupBy(alerts, ({ window }) => window.incident)
  return {
    incidents: [...observed].map(([incident, times]) => {
      const own = (byIncident.get(incident) ?? []).filter((alert) => isAbout(incident, alert))
      const first = Math.min(...own.map(({ time }) => time).filter((time) => time >= times.startedAt))
      const hasFired = first <= times.endedAt + clearsWithinSeconds
      return {
        incident,
        alertedAt: hasFired ? first : undefined,
        secondsToAlert: hasFired ? first - times.startedAt : undefined,
        hasCleared: !own.some((alert) => isTooLate(alert, times)),
      }
    }),
    falseAlarms: alerts.filter(
      (alert) => !isExplained(alert, observed, machineYears) && !waitsForGateway(alert),
    ),
  }
}

/** During a restart of the gateway this alert is pending, as it should be; the windows around each restart show that it does not fire. */
function waitsForGateway({ alert, time, window }: ActiveAlert): boolean {
  return (
    alert === 'KopiaMetricsMissing' &&
    window.counts === 'pending' &&
    gatewayRestarts.some(({ from, until }) => isIn({ from, until: until + heartbeat }, time))
  )
}

function isTooLate({ time }: ActiveAlert, { endedAt }: Observation): boolean {
  return time > endedAt + clearsWithinSeconds
}

function isAbout({ alert, machine, path }: Incident, active: ActiveAlert): boolean {
  return (
    active.alert === alert &&
    (machine === '*' || machine === active.machine) &&
    (path === undefined || path === active.path)
  )
}

function isExplained(
  active: ActiveAlert,
  observed: ReadonlyMap<Incident, Observation>,
  machineYears: readonly MachineYear[],
): boolean {
  return [...observed].some(([incident, { startedAt, endedAt }]) => {
    const names = [incident.alert, ...(consequences[incident.effect] ?? [])]
    const isHere = names.some((alert) => isAbout({ ...incident, alert }, active))
    // An alert that does not clear is counted as such, not as a false alarm.
    const isUncleared = active.window.incident === incident && active.alert === incident.alert
    const end = Math.max(endedAt, recoveredAt(incident, active, machineYears)) + clearsWithinSeconds
    return isHere && active.time >= startedAt && (active.time <= end || isUncleared)
  })
}

/** After an incident of a whole machine, a source recovers with its next successful backup. */
function recoveredAt(
  incident: Incident,
  { path }: ActiveAlert,
  machineYears: readonly MachineYear[],
): number {
  if (incident.path !== undefined || path === undefined) return 0
  const runs = machineYears
    .filter(({ machine }) => machine === incident.machine)
    .flatMap((machineYear) => [...machineYear.runs])
    .filter(([plan]) => plan.path === path)
    .flatMap(([, ofPath]) => ofPath)
  return runs.find(({ startedAt, isGood }) => startedAt >= incident.until && isGood)?.endedAt ?? 0
}
