// Why a plan can't be carried out, as far as only the gateway and the files that stay tell.

import type { GatewayOptions } from '../push/pushgateway.ts'
import { machineFiles } from '../setup/files.ts'
import { groupInUse } from '../setup/group-in-use.ts'
import type { Plan } from '../setup/plan-types.ts'

/** The problems in words; none if the plan can be carried out. */
export async function problemsWithPlan(
  plan: Plan,
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
    if (gateway === undefined) break
    const problem = await groupInUse(agent, gateway, machineFiles, Date.now() / 1000)
    if (problem !== undefined) problems.push(problem)
  }
  return problems
}
