// The year of one machine: its sources, its agent, and its group at the gateway.

import { formatSource } from '../../../agent/kopia/source.ts'
import { createLedger, emptyLedger, type Ledger } from '../../../agent/ledger/ledger.ts'
import { withMoment } from '../../../agent/ledger/uptime.ts'
import { type Status, statusOf } from '../../../agent/status/status.ts'
import { createAgentLedger } from './agent-ledger.ts'
import { day, daysOfYear, hour, localHoursAt, minute, yearBegins } from './calendar.ts'
import { createEventQueue, type EventQueue } from './event-queue.ts'
import { createGroup } from './gateway.ts'
import { setHostMetrics } from './host.ts'
import { agentUpgrades, type Effect, gatewayRestarts, type Incident, laptopAway } from './incidents.ts'
import { limits, policies } from './limits.ts'
import { type Machine, type SourcePlan, sourceOf } from './plan.ts'
import { createSourceLedger, type SourceLedger } from './source-ledger.ts'
import { sourceMetrics, withoutLimits } from './source-metrics.ts'
import { type Observation, type Run, type SourceYear, simulateSource } from './source-runs.ts'
import { isIn, type TimeRange, type Tracks } from './tracks.ts'
import { addVerifications } from './verifications.ts'

export type MachineYear = {
  readonly machine: Machine
  readonly sources: readonly SourcePlan[]
  readonly tracks: Tracks
  readonly observed: ReadonlyMap<Incident, Observation>
  readonly runs: ReadonlyMap<SourcePlan, readonly Run[]>
}

type SimulatedSource = {
  readonly plan: SourcePlan
  readonly sourceLedger: SourceLedger
  readonly sourceYear: SourceYear
}

/** Is told each time at which something happens, and at least each full hour; the status is computed when it is asked for. */
export type Watcher = (machine: Machine, time: number, status: () => Status) => void

export const heartbeat = 5 * minute
const yearEnds = yearBegins + daysOfYear * day
const noneObserved: ReadonlyMap<Incident, Observation> = new Map()
/** Effects that start and end exactly with their incident. */
const immediateEffects: readonly Effect[] = [
  'machine is down',
  'pushes are rejected',
  'gateway is down',
  'disk is full',
  'memory is low',
  'clock is wrong',
  'agent is outdated',
]

/**
 * Simulates one machine. `incidents` are those that affect it or all machines; `randomOf` returns random numbers for each
 * part; `watch` is told what `status` would show.
 */
export function simulateMachine(
  machine: Machine,
  sources: readonly SourcePlan[],
  incidents: readonly Incident[],
  randomOf: (part: string) => () => number,
  watch: Watcher,
): MachineYear {
  const queue = createEventQueue()
  const tracks: Tracks = new Map()
  const isUnder = (effect: Effect, time: number) =>
    incidents.some((incident) => incident.effect === effect && isIn(incident, time))
  const isOn = onHours(machine, randomOf('open'))
  const isAwake = (time: number) => isOn(time) && !isUnder('machine is down', time)
  const lastBeat = createBeat(randomOf('offset'))
  const gatewayDown = gatewayOutages(incidents, lastBeat)
  const isPaused = (time: number) => !isAwake(time) || agentUpgrades.some((upgrade) => isIn(upgrade, time))

  const agent = createAgentLedger(machine, incidents, isAwake, heartbeat, queue)
  const ledger = newLedger()
  let hasRunEnded = false
  const simulated = sources.map((plan): SimulatedSource => {
    const own = incidents.filter(({ path }) => path === plan.path)
    const sourceLedger = createSourceLedger(plan, ledger, randomOf(plan.path))
    const sourceYear = simulateSource(plan, own, isAwake, randomOf(`${plan.path} runs`))
    const source = { plan, sourceLedger, sourceYear }
    queueRuns(queue, source, ({ endedAt, isGood }) => {
      agent.endCommand(endedAt, isGood)
      hasRunEnded = true
    })
    return source
  })

  const ofVerifications =
    machine === 'office' ? addVerifications(sources, ledger, incidents, isAwake, queue) : noneObserved

  const isOneShot = machine === 'cron'
  addTicks(queue, [...incidents, ...gatewayDown, ...agentUpgrades], machine === 'laptop' ? hour / 4 : hour)
  const labels = `job="kopia", instance="${machine}"`
  const group = createGroup(labels, tracks, isOneShot ? undefined : lastBeat)
  queue.run((time) => {
    const running = runningSinceOf(simulated)
    if (machine === 'laptop' && !isPaused(time))
      ledger.setUptimeQuarters(withMoment(ledger.uptimeQuarters ?? [], time))
    setHostMetrics(machine, tracks, time, isAwake(time), (effect) => isUnder(effect, time))
    if (gatewayDown.some((down) => isIn(down, time))) group.clear(time)
    else if (isPaused(time)) group.stop(time)
    else if (isUnder('pushes are rejected', time)) group.reject(time)
    else if (!isOneShot || hasRunEnded) {
      const ofSources = sourceMetrics(labels, ledger, running, time)
      const pushed = [agent.metrics(isOneShot ? time : lastBeat), ...ofSources]
      group.push(time, isUnder('agent is outdated', time) ? pushed.map(withoutLimits) : pushed)
    }
    hasRunEnded = false
    watch(machine, time, () => statusOf(ledger, limits, running, time))
  })

  const observed = observationsOf(
    machine,
    incidents,
    new Map([...agent.observed, ...ofVerifications]),
    simulated,
  )
  const runs = new Map(simulated.map(({ plan, sourceYear }) => [plan, sourceYear.runs]))
  return { machine, sources, tracks, observed, runs }
}

/** Returns the time of the last heartbeat before a time. Each agent has its own offset. */
function createBeat(random: () => number): (time: number) => number {
  const offset = Math.floor(random() * heartbeat)
  return (time) => time - ((time + offset) % heartbeat)
}

function queueRuns(
  queue: EventQueue,
  { plan, sourceLedger, sourceYear }: SimulatedSource,
  onEnd: (run: Run) => void,
): void {
  for (const run of sourceYear.runs) {
    queue.add(run.startedAt, () => sourceLedger.begin(run))
    queue.add(run.endedAt, () => {
      sourceLedger.end(run)
      onEnd(run)
    })
  }
  if (plan.until !== undefined) queue.add(yearBegins + plan.until * day, sourceLedger.remove)
}

/** The agent has run since the year began, and Kopia has answered. */
function newLedger(): Ledger {
  const ledger = createLedger(emptyLedger)
  ledger.begin(yearBegins)
  ledger.endPast()
  ledger.updateRepository({ policies })
  return ledger
}

function runningSinceOf(simulated: readonly SimulatedSource[]): ReadonlyMap<string, number> {
  return new Map(
    simulated.flatMap(({ plan, sourceLedger }) => {
      const since = sourceLedger.runningSince()
      return since === undefined ? [] : [[formatSource(sourceOf(plan)), since] as const]
    }),
  )
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

/** Adds empty events, so that the state is evaluated at every `seconds` and at both ends of each range. */
function addTicks(queue: EventQueue, ranges: readonly TimeRange[], seconds: number): void {
  for (const time of ranges.flatMap(({ from, until }) => [from, until])) queue.add(time, () => {})
  for (let time = yearBegins; time < yearEnds; time += seconds) queue.add(time, () => {})
}

/** An outage of the gateway affects all machines; it is counted once, for the server. */
function observationsOf(
  machine: Machine,
  incidents: readonly Incident[],
  byAgent: ReadonlyMap<Incident, Observation>,
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
    ...byAgent,
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
