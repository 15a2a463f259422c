// Why a plan can't be carried out, as far as only the gateway and the files that stay tell.

import type { GatewayOptions } from '../push/pushgateway.ts'
import { parseGrouping } from '../settings/formats.ts'
import type { Machine } from '../setup/facts.ts'
import { machineFiles } from '../setup/files.ts'
import { groupInUse } from '../setup/group-in-use.ts'
import type { Plan, PlannedAgent } from '../setup/plan-types.ts'
import { settingsOfPlanned } from './setup-published.ts'

/** The problems in words; none if the plan can be carried out. */
export async function problemsWithPlan(
  plan: Plan,
  machine: Machine,
  gateway: GatewayOptions | undefined,
): Promise<readonly string[]> {
  const problems: string[] = []
  for (const { path, text, holds } of plan.keptSecrets) {
    if ((await machineFiles.read(path))?.trim() === text) continue
    problems.push(
      `${path} exists, and ${holds} in it is another one than was given: correct it, or remove it`,
    )
  }
  for (const agent of plan.agents) {
    const pushing = await pushingOf(agent, machine, gateway)
    const problem = pushing && (await groupInUse(...pushing, machineFiles, Date.now() / 1000))
    if (problem === undefined) continue
    const where = agent.state === 'new' ? '' : ` (set that in ${agent.file}, which stays as it is)`
    problems.push(problem + where)
  }
  return problems
}

type Pushing = readonly [Pick<PlannedAgent, 'name' | 'stateFolder'>, GatewayOptions]

/** What the agent pushes: as its files say, if it exists, else as planned. */
async function pushingOf(
  agent: PlannedAgent,
  machine: Machine,
  planned: GatewayOptions | undefined,
): Promise<Pushing | undefined> {
  if (agent.state === 'new') {
    return planned && [agent, { ...planned, grouping: parseGrouping(agent.grouping) }]
  }
  const { gateway, instance, stateDirectory } = await settingsOfPlanned(agent, machine)
  return (
    gateway && [
      { name: agent.name, stateFolder: stateDirectory },
      { ...gateway, instance },
    ]
  )
}
