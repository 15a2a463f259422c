// The metrics of one machine's agent that belong to no source: the agent itself, commands, and the repository.

import { day, daysOfYear, hour, localHoursAt, minute, yearBegins } from './calendar.ts'
import type { EventQueue } from './event-queue.ts'
import { agentUpgrades, type Effect, type Incident } from './incidents.ts'
import type { Machine } from './plan.ts'
import type { Observation } from './source-runs.ts'
import { isIn, type Metrics, type Value } from './tracks.ts'

export type AgentLedger = {
  /** Handles the end of a `snapshot create`, which runs maintenance if it is due. */
  readonly endCommand: (time: number, isGood: boolean) => void
  /** `madeAt` is when the agent makes its metrics, in Unix seconds: a time, or the last heartbeat before a time. */
  readonly metrics: (madeAt: Value) => Metrics
  readonly observed: ReadonlyMap<Incident, Observation>
}

/** How often the agent queries the repository. */
const repositoryInterval = 6 * hour
const capacity = 1e12
const usuallyAvailable = 8e11
const filledPerDay = 7e10

type State = {
  createStatus: number | undefined
  verify: { status: number; succeededAt: number } | undefined
  maintenanceDueAt: number
  available: number
  isReachable: number
  isChanged: number
  unexplained: number
  unattributed: number
  version: number
}

/** Creates the ledger and adds its events to the queue. The agent only works while the machine is awake. */
export function createAgentLedger(
  machine: Machine,
  incidents: readonly Incident[],
  isAwake: (time: number) => boolean,
  heartbeat: number,
  queue: EventQueue,
): AgentLedger {
  const state: State = {
    createStatus: undefined,
    verify: undefined,
    maintenanceDueAt: yearBegins + day,
    available: usuallyAvailable,
    isReachable: 1,
    isChanged: 0,
    unexplained: 0,
    unattributed: 0,
    version: 0,
  }
  const observations = createObservations(incidents)
  const { find, start, end } = observations

  for (const { from } of agentUpgrades) {
    queue.add(from, () =>
      Object.assign(state, { version: state.version + 1, unexplained: 0, unattributed: 0 }),
    )
  }

  // The agent notices a change of the storage within a heartbeat, so the incident's own times are used.
  const during = (effect: Effect, begin: () => void, end: () => void = () => undefined) => {
    for (const incident of incidents.filter((one) => one.effect === effect)) {
      observations.set(incident, incident.from, incident.until)
      queue.add(incident.from, begin)
      queue.add(incident.until, end)
    }
  }
  during(
    'repository is unreachable',
    () => (state.isReachable = 0),
    () => (state.isReachable = 1),
  )
  during(
    'repository is replaced',
    () => (state.isChanged = 1),
    () => (state.isChanged = 0),
  )
  during('logs are elsewhere', () => (state.unexplained += 1))
  during('runs are unattributed', () => (state.unattributed += 1))

  const queryRepository = (time: number) => {
    const filling = find('repository fills up', time)
    const filled = filling === undefined ? 0 : ((time - filling.from) / day) * filledPerDay
    state.available = Math.max(0, Math.round(usuallyAvailable - filled))
    if (filling !== undefined) observations.set(filling, filling.from, time + repositoryInterval)
  }

  const verify = (time: number) => {
    const missed = find('verify is not run', time)
    if (missed !== undefined) return start(missed, time)
    const failing = find('verify fails', time)
    if (failing !== undefined) start(failing, time)
    end(['verify fails', 'verify is not run'], time)
    state.verify = {
      status: failing === undefined ? 1 : 0,
      succeededAt: failing === undefined ? time : (state.verify?.succeededAt ?? 0),
    }
  }

  const endCommand = (time: number, isGood: boolean) => {
    state.createStatus = isGood ? 1 : 0
    if (time < state.maintenanceDueAt) return
    const missed = find('maintenance is not run', time)
    if (missed !== undefined) return start(missed, time)
    end(['maintenance is not run'], time)
    state.maintenanceDueAt = time + day
  }

  addSchedules(machine, isAwake, queue, queryRepository, verify)
  return {
    endCommand,
    metrics: (madeAt) => metricsOf(machine, heartbeat, state, madeAt),
    observed: observations.all,
  }
}

/** The agent queries the repository every six hours. The server runs verify each Sunday morning. */
function addSchedules(
  machine: Machine,
  isAwake: (time: number) => boolean,
  queue: EventQueue,
  queryRepository: (time: number) => void,
  verify: (time: number) => void,
): void {
  for (let time = yearBegins; time < yearBegins + daysOfYear * day; time += hour) {
    if (!isAwake(time)) continue
    const localHours = localHoursAt(time)
    if (localHours.some((local) => local.hour % 6 === 0))
      queue.add(time + 17 * minute, () => queryRepository(time + 17 * minute))
    if (machine === 'server' && localHours.some((local) => local.hour === 5 && local.weekday === 6)) {
      queue.add(time + 40 * minute, () => verify(time + 40 * minute))
    }
  }
}

/** Records when each incident took effect and when its effect ended. */
function createObservations(incidents: readonly Incident[]) {
  const all = new Map<Incident, Observation>()
  return {
    all,
    find: (effect: Effect, time: number) =>
      incidents.find((incident) => incident.effect === effect && isIn(incident, time)),
    set: (incident: Incident, startedAt: number, endedAt: number) => {
      all.set(incident, { startedAt, endedAt })
    },
    start: (incident: Incident, time: number) => {
      if (!all.has(incident)) all.set(incident, { startedAt: time, endedAt: Number.POSITIVE_INFINITY })
    },
    end: (effects: readonly Effect[], time: number) => {
      for (const [incident, { startedAt, endedAt }] of all) {
        const isOver = effects.includes(incident.effect) && time >= incident.until
        if (isOver && endedAt === Number.POSITIVE_INFINITY) all.set(incident, { startedAt, endedAt: time })
      }
    },
  }
}

function metricsOf(machine: Machine, heartbeat: number, state: State, madeAt: Value): Metrics {
  const values = new Map<string, Value>()
  const put = (name: string, value: Value, more = '') => {
    if (value !== undefined) values.set(`${name}{job="kopia", instance="${machine}"${more}}`, value)
  }
  // One-shot pushes have no heartbeat.
  if (machine !== 'cron') put('kopia_agent_heartbeat_interval_seconds', heartbeat)
  put('kopia_agent_metrics_timestamp_seconds', madeAt)
  put('kopia_agent_always_on', machine === 'laptop' ? 0 : 1)
  put('kopia_agent_repository_reachable', state.isReachable)
  put('kopia_agent_repository_changed', state.isChanged)
  put('kopia_agent_unexplained_snapshots_total', state.unexplained)
  put('kopia_agent_runs_unattributed_total', state.unattributed)
  put('kopia_agent_build_info', 1, `, version="0.${state.version}.0"`)
  put('kopia_repository_capacity_bytes', capacity)
  put('kopia_repository_available_bytes', state.available)
  put('kopia_maintenance_next_timestamp_seconds', state.maintenanceDueAt, ', kind="full"')
  put('kopia_command_status', state.createStatus, ', command="snapshot create"')
  put('kopia_command_status', state.verify?.status, ', command="snapshot verify"')
  put(
    'kopia_command_last_success_timestamp_seconds',
    state.verify?.succeededAt,
    ', command="snapshot verify"',
  )
  return values
}
