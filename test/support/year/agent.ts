// What one machine's agent knows beside its sources: of itself, of commands, and of the repository.

import type { Agenda } from './agenda.ts'
import { day, daysOfYear, hour, localHoursAt, minute, yearBegins } from './calendar.ts'
import { agentUpgrades, type Effect, type Incident } from './incidents.ts'
import type { Picture } from './picture.ts'
import type { Machine } from './plan.ts'
import type { Seen } from './source.ts'
import { isIn, type Value } from './tracks.ts'

export type AgentLedger = {
  /** After a run of `snapshot create`, which does maintenance where it is due. */
  readonly endCommand: (time: number, isGood: boolean) => void
  readonly picture: () => Picture
  readonly seen: ReadonlyMap<Incident, Seen>
}

const asksRepositoryEvery = 6 * hour
const capacity = 1e12
const usuallyAvailable = 8e11
const filledPerDay = 7e10

/** Enters what it will see into the agenda. It reads only while the machine is awake. */
export function createAgentLedger(
  machine: Machine,
  incidents: readonly Incident[],
  isAwake: (time: number) => boolean,
  heartbeat: number,
  agenda: Agenda,
): AgentLedger {
  const group = `job="kopia", instance="${machine}"`
  const seen = new Map<Incident, Seen>()
  const under = (effect: Effect, time: number) =>
    incidents.find((incident) => incident.effect === effect && isIn(incident, time))
  const known = {
    createStatus: undefined as number | undefined,
    verify: undefined as { status: number; succeededAt: number } | undefined,
    maintenanceDueAt: yearBegins + day,
    available: usuallyAvailable,
    isReachable: 1,
    version: 0,
  }

  for (const { from } of agentUpgrades) agenda.enter(from, () => (known.version += 1))

  // The storage's own troubles are seen within a heartbeat, and are over when they are.
  for (const incident of incidents.filter(({ effect }) => effect === 'repository is unreachable')) {
    seen.set(incident, { bitAt: incident.from, endedAt: incident.until })
    agenda.enter(incident.from, () => (known.isReachable = 0))
    agenda.enter(incident.until, () => (known.isReachable = 1))
  }

  const ask = (time: number) => {
    const filling = under('repository fills up', time)
    const filled = filling === undefined ? 0 : ((time - filling.from) / day) * filledPerDay
    known.available = Math.max(0, Math.round(usuallyAvailable - filled))
    if (filling !== undefined) seen.set(filling, { bitAt: filling.from, endedAt: time + asksRepositoryEvery })
  }

  // Each Sunday morning, on the server alone.
  const verify = (time: number) => {
    const missed = under('verify is not run', time)
    if (missed !== undefined) return note(missed, time)
    const failing = under('verify fails', time)
    if (failing !== undefined) note(failing, time)
    settle(['verify fails', 'verify is not run'], time)
    known.verify = {
      status: failing === undefined ? 1 : 0,
      succeededAt: failing === undefined ? time : (known.verify?.succeededAt ?? 0),
    }
  }

  const endCommand = (time: number, isGood: boolean) => {
    known.createStatus = isGood ? 1 : 0
    if (time < known.maintenanceDueAt) return
    const missed = under('maintenance is not run', time)
    if (missed !== undefined) return note(missed, time)
    settle(['maintenance is not run'], time)
    known.maintenanceDueAt = time + day
  }

  function note(incident: Incident, time: number): void {
    if (!seen.has(incident)) seen.set(incident, { bitAt: time, endedAt: Number.POSITIVE_INFINITY })
  }

  function settle(effects: readonly Effect[], time: number): void {
    for (const [incident, { bitAt, endedAt }] of seen) {
      const isOver = effects.includes(incident.effect) && time >= incident.until
      if (isOver && endedAt === Number.POSITIVE_INFINITY) seen.set(incident, { bitAt, endedAt: time })
    }
  }

  for (let time = yearBegins; time < yearBegins + daysOfYear * day; time += hour) {
    if (!isAwake(time)) continue
    const moments = localHoursAt(time)
    if (moments.some((moment) => moment.hour % 6 === 0))
      agenda.enter(time + 17 * minute, () => ask(time + 17 * minute))
    if (machine === 'server' && moments.some((moment) => moment.hour === 5 && moment.weekday === 6)) {
      agenda.enter(time + 40 * minute, () => verify(time + 40 * minute))
    }
  }

  function picture(): Picture {
    const values = new Map<string, Value>()
    const put = (name: string, value: Value, more = '') => {
      if (value !== undefined) values.set(`${name}{${group}${more}}`, value)
    }
    // An agent that is called to push once promises no heartbeat.
    if (machine !== 'cron') put('kopia_agent_heartbeat_interval_seconds', heartbeat)
    put('kopia_agent_always_on', machine === 'laptop' ? 0 : 1)
    put('kopia_agent_repository_reachable', known.isReachable)
    put('kopia_agent_build_info', 1, `, version="0.${known.version}.0"`)
    put('kopia_repository_capacity_bytes', capacity)
    put('kopia_repository_available_bytes', known.available)
    put('kopia_maintenance_next_timestamp_seconds', known.maintenanceDueAt, ', kind="full"')
    put('kopia_command_status', known.createStatus, ', command="snapshot create"')
    put('kopia_command_status', known.verify?.status, ', command="snapshot verify"')
    put(
      'kopia_command_last_success_timestamp_seconds',
      known.verify?.succeededAt,
      ', command="snapshot verify"',
    )
    return values
  }

  return { endCommand, picture, seen }
}
