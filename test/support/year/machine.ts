// One machine's year: its sources, its agent, and its group at the gateway.

import { createAgenda } from './agenda.ts'
import { createAgentLedger } from './agent.ts'
import { day, daysOfYear, hour, localHoursAt, minute, yearBegins } from './calendar.ts'
import { createGroup } from './gateway.ts'
import { showHost } from './host.ts'
import { agentUpgrades, type Effect, gatewayRestarts, type Incident, laptopAway } from './incidents.ts'
import { createSourceLedger, type Picture } from './picture.ts'
import type { Machine, SourcePlan } from './plan.ts'
import { liveThrough, type Run, type Seen } from './source.ts'
import { isIn, type Tracks, type Window } from './tracks.ts'

export type MachineYear = {
  readonly machine: Machine
  readonly sources: readonly SourcePlan[]
  readonly tracks: Tracks
  readonly seen: ReadonlyMap<Incident, Seen>
  readonly runs: ReadonlyMap<SourcePlan, readonly Run[]>
}

const heartbeat = 5 * minute
const yearEnds = yearBegins + daysOfYear * day
const lastsItself: readonly Effect[] = [
  'machine is gone',
  'pushes are refused',
  'gateway is gone',
  'disk is full',
  'memory is low',
  'clock is wrong',
]

/** The year of a machine; `incidents` are those that hurt it, or all machines. `randomOf` gives each thing its own chance. */
export function simulateMachine(
  machine: Machine,
  sources: readonly SourcePlan[],
  incidents: readonly Incident[],
  randomOf: (what: string) => () => number,
): MachineYear {
  const agenda = createAgenda()
  const tracks: Tracks = new Map()
  const isUnder = (effect: Effect, time: number) =>
    incidents.some((incident) => incident.effect === effect && isIn(incident, time))
  const isOpen = openHours(machine, randomOf('open'))
  const isAwake = (time: number) => isOpen(time) && !isUnder('machine is gone', time)
  const offset = Math.floor(randomOf('offset')() * heartbeat)
  const lastBeat = (time: number) => time - ((time + offset) % heartbeat)
  const gatewayDown = [
    ...gatewayRestarts,
    ...incidents.filter(({ effect }) => effect === 'gateway is gone'),
  ].map(
    // The group is back with the first heartbeat after.
    ({ from, until }): Window => ({ from, until: lastBeat(until) + heartbeat }),
  )
  const isPaused = (time: number) => !isAwake(time) || agentUpgrades.some((upgrade) => isIn(upgrade, time))

  const agent = createAgentLedger(machine, incidents, isAwake, heartbeat, agenda)
  let hasRunEnded = false
  const lives = sources.map((plan) => {
    const its = incidents.filter(({ path }) => path === plan.path)
    const ledger = createSourceLedger(plan, `job="kopia", instance="${machine}"`, randomOf(plan.path))
    const life = liveThrough(plan, its, isAwake, randomOf(`${plan.path} runs`))
    for (const run of life.runs) {
      agenda.enter(run.begunAt, () => ledger.begin(run))
      agenda.enter(run.endedAt, () => {
        ledger.end(run)
        agent.endCommand(run.endedAt, run.isGood)
        hasRunEnded = true
      })
    }
    return { plan, ledger, life }
  })

  function picture(time: number): Picture {
    const isKept = (plan: SourcePlan) => time < yearBegins + (plan.until ?? daysOfYear) * day
    const ofSources = lives.filter(({ plan }) => isKept(plan)).flatMap(({ ledger }) => [...ledger.picture()])
    return new Map([...agent.picture(), ...ofSources])
  }

  const changes = [...incidents, ...gatewayDown, ...agentUpgrades].flatMap(({ from, until }) => [from, until])
  for (const time of changes) agenda.enter(time, () => {})
  for (let time = yearBegins; time < yearEnds; time += hour) agenda.enter(time, () => {})

  const isCalledOnly = machine === 'cron'
  const group = createGroup(`job="kopia", instance="${machine}"`, tracks, isCalledOnly ? undefined : lastBeat)
  agenda.live((time) => {
    showHost(machine, tracks, time, isAwake(time), (effect) => isUnder(effect, time))
    if (gatewayDown.some((down) => isIn(down, time))) group.lose(time)
    else if (isPaused(time)) group.fallSilent(time)
    else if (isUnder('pushes are refused', time)) group.refuse(time)
    else if (!isCalledOnly || hasRunEnded) group.push(time, picture(time))
    hasRunEnded = false
  })

  // The gateway's own trouble is everybody's, and the server's alone to tell.
  const selfEnding = incidents.filter(
    ({ effect, machine: where }) =>
      lastsItself.includes(effect) && (where === machine || machine === 'server'),
  )
  const seen = new Map<Incident, Seen>([
    ...selfEnding.map((incident): [Incident, Seen] => [
      incident,
      { bitAt: incident.from, endedAt: incident.until },
    ]),
    ...agent.seen,
    ...lives.flatMap(({ life }) => [...life.seen]),
  ])
  return { machine, sources, tracks, seen, runs: new Map(lives.map(({ plan, life }) => [plan, life.runs])) }
}

/** When it is switched on: always; the laptop on most days from nine to five, and not while it is elsewhere. */
function openHours(machine: Machine, random: () => number): (time: number) => boolean {
  if (machine !== 'laptop') return () => true
  const open = new Set<number>()
  for (let time = yearBegins; time < yearEnds; time += hour) {
    const isOpen = localHoursAt(time).some(({ day: dayOfYear, weekday, hour: ofDay }) => {
      const isLeftAsleep = weekday >= 5 ? dayOfYear % 3 === 0 : dayOfYear % 23 < 2
      return !isLeftAsleep && ofDay >= 9 && ofDay < 17 && random() < 0.97
    })
    if (isOpen && !isIn(laptopAway, time)) open.add(time)
  }
  return (time) => open.has(time - ((time - yearBegins) % hour))
}
