// The year of one machine: its sources, its agent, and its group at the gateway.

import { type AgentLedger, createAgentLedger } from './agent-ledger.ts'
import { day, daysOfYear, hour, localHoursAt, minute, yearBegins } from './calendar.ts'
import { createEventQueue, type EventQueue } from './event-queue.ts'
import { createGroup } from './gateway.ts'
import { setHostMetrics } from './host.ts'
import { agentUpgrades, type Effect, gatewayRestarts, type Incident, laptopAway } from './incidents.ts'
import type { Machine, SourcePlan } from './plan.ts'
import { createSourceLedger, type SourceLedger } from './source-ledger.ts'
import { type Observation, type Run, type SourceYear, simulateSource } from './source-runs.ts'
import { isIn, type TimeRange, type Tracks } from './tracks.ts'

export type MachineYear = {
  readonly machine: Machine
  readonly sources: readonly SourcePlan[]
  readonly tracks: Tracks
  readonly observed: ReadonlyMap<Incident, Observation>
  readonly runs: ReadonlyMap<SourcePlan, readonly Run[]>
}

type SimulatedSource = {
  readonly plan: SourcePlan
  readonly ledger: SourceLedger
  readonly sourceYear: SourceYear
}

const heartbeat = 5 * minute
const yearEnds = yearBegins + daysOfYear * day
/** Effects that start and end exactly with their incident. */
const immediateEffects: readonly Effect[] = [
  'machine is down',
  'pushes are rejected',
  'gateway is down',
  'disk is full',
  'memory is low',
  'clock is wrong',
]

/**
 * Simulates one machine. `incidents` are those that affect it or all machines; `randomOf` returns random numbers for each
 * part.
 */
export function simulateMachine(
  machine: Machine,
  sources: readonly SourcePlan[],
  incidents: readonly Incident[],
  randomOf: (part: string) => () => number,
): MachineYear {
  const queue = createEventQueue()
  const tracks: Tracks = new Map()
  const isUnder = (effect: Effect, time: number) =>
    incidents.some((incident) => incident.effect === effect && isIn(incident, time))
  const isOn = onHours(machine, randomOf('open'))
  const isAwake = (time: number) => isOn(time) && !isUnder('machine is down', time)
  const offset = Math.floor(randomOf('offset')() * heartbeat)
  const lastBeat = (time: number) => time - ((time + offset) % heartbeat)
  const gatewayDown = gatewayOutages(incidents, lastBeat)
  const isPaused = (time: number) => !isAwake(time) || agentUpgrades.some((upgrade) => isIn(upgrade, time))

  const agent = createAgentLedger(machine, incidents, isAwake, heartbeat, queue)
  let hasRunEnded = false
  const simulated = sources.map((plan): SimulatedSource => {
    const own = incidents.filter(({ path }) => path === plan.path)
    const ledger = createSourceLedger(plan, `job="kopia", instance="${machine}"`, randomOf(plan.path))
    const sourceYear = simulateSource(plan, own, isAwake, randomOf(`${plan.path} runs`))
    for (const run of sourceYear.runs) {
      queue.add(run.startedAt, () => ledger.begin(run))
      queue.add(run.endedAt, () => {
        ledger.end(run)
        agent.endCommand(run.endedAt, run.isGood)
        hasRunEnded = true
      })
    }
    return { plan, ledger, sourceYear }
  })

  addTicks(queue, [...incidents, ...gatewayDown, ...agentUpgrades])
  const isOneShot = machine === 'cron'
  const group = createGroup(`job="kopia", instance="${machine}"`, tracks, isOneShot ? undefined : lastBeat)
  queue.run((time) => {
    setHostMetrics(machine, tracks, time, isAwake(time), (effect) => isUnder(effect, time))
    if (gatewayDown.some((down) => isIn(down, time))) group.clear(time)
    else if (isPaused(time)) group.stop(time)
    else if (isUnder('pushes are rejected', time)) group.reject(time)
    else if (!isOneShot || hasRunEnded) group.push(time, metricsAt(time, agent, simulated))
    hasRunEnded = false
  })

  return {
    machine,
    sources,
    tracks,
    observed: observationsOf(machine, incidents, agent, simulated),
    runs: new Map(simulated.map(({ plan, sourceYear }) => [plan, sourceYear.runs])),
  }
}

/** After an outage of the gateway, the group returns with the next heartbeat. */
function gatewayOutages(
  incidents: readonly Incident[],
  lastBeat: (time: number) => number,
): readonly TimeRange[] {
  return [...gatewayRestarts, ...incidents.filter(({ effect }) => effect === 'gateway is down')].map(
    ({ from, until }) => ({ from, until: lastBeat(until) + heartbeat }),
  )
}

/** Adds empty events, so that the state is evaluated at every full hour and at both ends of each range. */
function addTicks(queue: EventQueue, ranges: readonly TimeRange[]): void {
  for (const time of ranges.flatMap(({ from, until }) => [from, until])) queue.add(time, () => {})
  for (let time = yearBegins; time < yearEnds; time += hour) queue.add(time, () => {})
}

function metricsAt(time: number, agent: AgentLedger, simulated: readonly SimulatedSource[]) {
  const exists = (plan: SourcePlan) => time < yearBegins + (plan.until ?? daysOfYear) * day
  const ofSources = simulated
    .filter(({ plan }) => exists(plan))
    .flatMap(({ ledger }) => [...ledger.metrics()])
  return new Map([...agent.metrics(), ...ofSources])
}

/** An outage of the gateway affects all machines; it is counted once, for the server. */
function observationsOf(
  machine: Machine,
  incidents: readonly Incident[],
  agent: AgentLedger,
  simulated: readonly SimulatedSource[],
): ReadonlyMap<Incident, Observation> {
  const immediate = incidents.filter(
    ({ effect, machine: where }) =>
      immediateEffects.includes(effect) && (where === machine || machine === 'server'),
  )
  return new Map<Incident, Observation>([
    ...immediate.map((incident): [Incident, Observation] => [
      incident,
      { startedAt: incident.from, endedAt: incident.until },
    ]),
    ...agent.observed,
    ...simulated.flatMap(({ sourceYear }) => [...sourceYear.observed]),
  ])
}

/** All machines are always on, except the laptop: it is on most days from nine to five, and never while it is away. */
function onHours(machine: Machine, random: () => number): (time: number) => boolean {
  if (machine !== 'laptop') return () => true
  const hoursOn = new Set<number>()
  for (let time = yearBegins; time < yearEnds; time += hour) {
    const isOn = localHoursAt(time).some(({ day: dayOfYear, weekday, hour: ofDay }) => {
      const isLeftAsleep = weekday >= 5 ? dayOfYear % 3 === 0 : dayOfYear % 23 < 2
      return !isLeftAsleep && ofDay >= 9 && ofDay < 17 && random() < 0.97
    })
    if (isOn && !isIn(laptopAway, time)) hoursOn.add(time)
  }
  return (time) => hoursOn.has(time - ((time - yearBegins) % hour))
}
