// One machine's year, hour by hour, as its agent would push it and its node-exporter would show it.

import { events, type Effect, type IncidentPlan, type Moment, type SourcePlan } from './plan.ts'
import { hoursOfYear, put, type SeriesTable } from './series.ts'
import { createSourceYear } from './source.ts'

/** When an incident first showed in what happened, and when that was over again; in hours. */
export type Incident = IncidentPlan & { bitesAt?: number; endedAt?: number }

/** The incident of this effect, on this machine and path, that is under way. */
export type Current = (effect: Effect, path?: string) => Incident | undefined

/** Local time: an hour ahead in summer. */
export function momentAt(hour: number): Moment {
  const isSummer = hour >= events.summer.from && hour < events.summer.until
  const local = hour + (isSummer ? 1 : 0)
  const day = Math.floor(local / 24)
  return { day, weekday: day % 7, hour: local % 24 }
}

/** Enters all series of a machine, and into the incidents when they bit and ended. */
export function simulateMachine(
  machine: string,
  sources: readonly SourcePlan[],
  incidents: readonly Incident[],
  random: () => number,
  table: SeriesTable,
): void {
  const group = `job="kopia", instance="${machine}"`
  const node = `job="node", instance="${machine}:9100"`
  const years = sources.map((plan) => createSourceYear(plan, group, random))
  const state = { pushedAt: 0, refusedAt: 0, verifiedAt: 0, verifyStatus: 1, maintenanceDueAt: 86_400, available: 8e11 }
  for (let hour = 0; hour < hoursOfYear; hour += 1) {
    const now = hour * 3600
    const moment = momentAt(hour)
    const current: Current = (effect, path) => {
      const found = incidents.find(
        (incident) => incident.effect === effect && incident.path === path && isUnderWay(incident, hour),
      )
      if (found !== undefined) bite(found, hour)
      return found
    }
    const over = (effect: Effect, path?: string) =>
      end(incidents.filter((incident) => incident.effect === effect && incident.path === path), hour)
    const isGone = current('machine is gone') !== undefined
    const isAwake = !isGone && isAwakeAt(machine, moment, random)
    if (!isGone) over('machine is gone')
    if (isAwake) {
      for (const year of years) year.live(hour, moment, current, over)
      if (current('pushes are refused')) state.refusedAt = now
      else {
        over('pushes are refused')
        state.pushedAt = now - Math.round(random() * 280)
      }
      if (moment.weekday === 6 && moment.hour === 5 && !inWindow(incidents, 'verify is not run', hour)) {
        state.verifyStatus = current('verify fails') ? 0 : 1
        if (state.verifyStatus === 1) {
          state.verifiedAt = now
          over('verify fails')
          over('verify is not run')
        }
      }
      if (now > state.maintenanceDueAt && moment.hour === 3 && !current('maintenance is not run')) {
        state.maintenanceDueAt = now + 86_400
        over('maintenance is not run')
      }
    }
    if (incidents.some(({ effect }) => effect === 'verify is not run')) current('verify is not run')
    state.available = availableBytes(state.available, current, over)
    const isReachable = current('repository is unreachable') === undefined
    if (isReachable) over('repository is unreachable')
    const ofGroup = (name: string, value: number, labels = '') =>
      put(table, `${name}{${group}${labels}}`, hour, value)
    // Only the first push brings the group into being.
    if (state.pushedAt > 0) {
      ofGroup('push_time_seconds', state.pushedAt)
      ofGroup('push_failure_time_seconds', state.refusedAt)
      if (machine !== 'cron') ofGroup('kopia_agent_heartbeat_interval_seconds', 300)
      ofGroup('kopia_agent_always_on', machine === 'laptop' ? 0 : 1)
      ofGroup('kopia_agent_repository_reachable', isReachable ? 1 : 0)
      const version = events.agentUpgrades.filter((upgrade) => hour >= upgrade).length
      ofGroup('kopia_agent_build_info', 1, `, version="0.${version}.0"`)
      ofGroup('kopia_repository_capacity_bytes', 1e12)
      ofGroup('kopia_repository_available_bytes', Math.round(state.available))
      ofGroup('kopia_maintenance_next_timestamp_seconds', state.maintenanceDueAt, ', kind="full"')
      if (machine === 'server' && state.verifiedAt > 0) {
        ofGroup('kopia_command_status', state.verifyStatus, ', command="snapshot verify"')
        ofGroup('kopia_command_last_success_timestamp_seconds', state.verifiedAt, ', command="snapshot verify"')
      }
      for (const year of years) year.show(table, hour)
    }
    if (isAwake) showHost(table, node, hour, current, over)
  }
}

function showHost(
  table: SeriesTable,
  node: string,
  hour: number,
  current: Current,
  over: (effect: Effect) => void,
): void {
  const disk = ', device="/dev/sda1", fstype="ext4", mountpoint="/"'
  const value = (effect: Effect, bad: number, good: number) => {
    if (current(effect)) return bad
    over(effect)
    return good
  }
  put(table, `node_filesystem_size_bytes{${node}${disk}}`, hour, 1e11)
  put(table, `node_filesystem_avail_bytes{${node}${disk}}`, hour, value('disk is full', 1e9, 4e10))
  put(table, `node_memory_MemTotal_bytes{${node}}`, hour, 8e9)
  put(table, `node_memory_MemAvailable_bytes{${node}}`, hour, value('memory is low', 2e8, 4e9))
  put(table, `node_time_seconds{${node}}`, hour, hour * 3600 - value('clock is wrong', 120, 0))
}

/** Retention and maintenance keep it about where it is; what fills it takes seven per cent a day, until it is emptied. */
function availableBytes(available: number, current: Current, over: (effect: Effect) => void): number {
  if (current('repository fills up')) return Math.max(0, available - 7e10 / 24)
  over('repository fills up')
  return 8e11
}

function isAwakeAt(machine: string, { day, weekday, hour }: Moment, random: () => number): boolean {
  if (machine !== 'laptop') return true
  const { from, until } = events.laptopAway
  if (day >= from && day < until) return false
  // Some weekends, and now and then some days, nobody opens it.
  if (weekday >= 5 ? day % 3 === 0 : day % 23 < 2) return false
  return hour >= 9 && hour < 17 && random() < 0.97
}

function isUnderWay({ from, until }: IncidentPlan, hour: number): boolean {
  return hour >= from * 24 && hour < until * 24
}

function inWindow(incidents: readonly Incident[], effect: Effect, hour: number): boolean {
  return incidents.some((incident) => incident.effect === effect && isUnderWay(incident, hour))
}

function bite(incident: Incident, hour: number): void {
  incident.bitesAt ??= hour
}

function end(incidents: readonly Incident[], hour: number): void {
  for (const incident of incidents) {
    if (incident.bitesAt !== undefined && hour >= incident.until * 24) incident.endedAt ??= hour
  }
}
