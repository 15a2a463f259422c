// Carries out the plan of a setup, says what was done and what was not, and ends with `check`.

import { type Applied, applySteps, type Tools } from '../setup/apply.ts'
import type { Machine } from '../setup/facts.ts'
import { machineFiles } from '../setup/files.ts'
import type { Plan, PlannedAgent } from '../setup/plan-types.ts'
import { runAgent } from '../setup/run-agent.ts'
import { userOfUnit } from '../setup/systemctl.ts'
import { serviceOf } from '../setup/units.ts'
import { stepWords } from '../setup/words.ts'
import { isReadingPast, type Published, placeWithoutPush, publishedBy } from './setup-published.ts'
import type { Talk } from './setup-talk.ts'

/** Does the plan and ends with `check`, whose exit code it resolves with; 1 where a step fails. */
export async function carryOut(plan: Plan, machine: Machine, talk: Talk): Promise<0 | 1> {
  const tools: Tools = {
    self: machine.self,
    onStep: (step) => talk.say(stepWords(step)),
    installHooks: async (agent, sources) => {
      const code = await runAgent(agent, machine, machineFiles, ['install-hooks', ...sources])
      if (code !== 0) throw new Error(`install-hooks ended with ${code}`)
    },
  }
  const starts = plan.steps.filter(({ kind }) => kind === 'start')
  const others = plan.steps.filter(({ kind }) => kind !== 'start')
  const written = await applySteps(others, tools)
  if (written.kind === 'failed') return tellFailure({ ...written, left: [...written.left, ...starts] }, talk)
  const before = await publishedBefore(plan, machine)
  const startedAt = Date.now() / 1000
  const started = await applySteps(starts, tools)
  if (started.kind === 'failed') return tellFailure({ ...started, done: [...others, ...started.done] }, talk)
  const unseen = await talk.during('waiting for what the agent publishes', () =>
    unseenAgents(plan, machine, before, startedAt),
  )
  let worst: 0 | 1 = 0
  for (const agent of plan.agents) {
    const name = agent.name === undefined ? '' : ` of ${agent.name}`
    if (!(await runsAsPlanned(agent, machine, talk))) worst = 1
    talk.say(`check${name}:`)
    if ((await runAgent(agent, machine, machineFiles, ['check'])) !== 0) worst = 1
    const silence = unseen.get(agent)
    if (silence === undefined) continue
    talk.warn(`${agent.unit}: ${silenceWords(silence, agent, machine)}`)
    if (silence.kind === 'refused') worst = 1
  }
  talk.end(worst === 0 ? endOf(plan) : badEndOf(plan))
  return worst
}

/** What the agents had published before their units are started. */
async function publishedBefore(
  { agents, steps }: Plan,
  machine: Machine,
): Promise<ReadonlyMap<PlannedAgent, Published>> {
  const units = new Set(steps.flatMap((step) => (step.kind === 'start' ? [step.unit] : [])))
  const started = agents.filter(({ unit }) => unit !== undefined && units.has(unit))
  return new Map(
    await Promise.all(started.map(async (agent) => [agent, await publishedBy(agent, machine)] as const)),
  )
}

/** Why nothing of an agent has arrived yet. */
type Silence = { readonly kind: 'reading the past' } | { readonly kind: 'refused'; readonly place: string }

/** The agents with a unit of whom nothing arrives: a gateway can answer and refuse every push. A large repository takes long to list. */
async function unseenAgents(
  { agents }: Plan,
  machine: Machine,
  before: ReadonlyMap<PlannedAgent, Published>,
  startedAt: number,
): Promise<ReadonlyMap<PlannedAgent, Silence>> {
  const unseen = new Map<PlannedAgent, Silence>()
  const look = async (agent: PlannedAgent) => {
    const place = await placeWithoutPush(agent, machine, before.get(agent))
    if (place === undefined) return
    const isReading = await isReadingPast(agent, machine, before.has(agent) ? startedAt : 0)
    unseen.set(agent, isReading ? { kind: 'reading the past' } : { kind: 'refused', place })
  }
  await Promise.all(agents.filter(({ unit }) => unit !== undefined).map(look))
  return unseen
}

function silenceWords(silence: Silence, { unit }: PlannedAgent, { manager }: Machine): string {
  return silence.kind === 'reading the past'
    ? 'it still reads what happened before its start, and publishes after that: run check again in some minutes'
    : `nothing that it published has arrived at ${silence.place}; ${logAdvice(unit, manager.kind)}`
}

function logAdvice(unit = '', kind: Machine['manager']['kind']): string {
  const user = kind === 'user' ? '--user ' : ''
  return `its log says why: journalctl ${user}--unit=${serviceOf(unit)}`
}

/** `check` below runs as the planned user, and can't see that the unit does not: the administrator's drop-ins come last. */
async function runsAsPlanned(
  { unit, user }: PlannedAgent,
  { manager }: Machine,
  talk: Talk,
): Promise<boolean> {
  if (unit === undefined || manager.kind !== 'system') return true
  const found = await userOfUnit(unit)
  if (found === user.name) return true
  const service = serviceOf(unit)
  talk.warn(
    found === undefined
      ? `systemd does not tell whom ${unit} runs as, expected ${user.name}: see "systemctl show --property=User ${service}"`
      : `${unit} runs as ${found}, not as ${user.name}: see "systemctl cat ${service}", and correct User= there`,
  )
  return false
}

/** Backups from before the change explain nothing: `check` calls them unseen until the next one. */
function badEndOf({ advice, steps }: Plan): string {
  const isForPerson = advice.length > 0 || steps.some(({ kind }) => kind === 'install hooks')
  return isForPerson
    ? 'Not all is well yet: do what remains for you, make a backup, and run setup again: it checks again and changes nothing.'
    : 'Not all is well: see the lines above.'
}

function endOf({ agents }: Plan): string {
  const isStarted = agents.every(({ unit }) => unit !== undefined)
  return isStarted
    ? 'The agent is set up.'
    : 'The settings are written. Nothing runs the agent yet: see above.'
}

function tellFailure({ done, step, reason, left }: Applied & { kind: 'failed' }, talk: Talk): 1 {
  const list = (title: string, words: readonly string[]) => {
    if (words.length > 0) talk.show(title, words.map((line) => `- ${line}`).join('\n'))
  }
  talk.warn(`failed: ${stepWords(step)}: ${reason}`)
  if (step.kind === 'start') {
    talk.warn(logAdvice(step.unit, step.manager))
  }
  list('Done', done.map(stepWords))
  list('Not done', left.map(stepWords))
  talk.cancel('Setup is not complete: correct that, and run it again.')
  return 1
}
