// The agent's other commands, run to their end as a user would, beside a lab's Kopia.

import type { Lab } from './lab.ts'
import { start } from './processes.ts'
import { agentEntry } from './stack.ts'
import { tool } from './tools.ts'

export type CommandResult = { readonly exitCode: number | NodeJS.Signals; readonly output: string }

/** Runs a command of the agent with a lab's settings; output and errors come back together. */
export function runAgentCommand(lab: Lab, ...parameters: readonly string[]): Promise<CommandResult> {
  return runAgentCommandWith(lab, {}, ...parameters)
}

/** The same with further environment. */
export async function runAgentCommandWith(
  lab: Lab,
  more: NodeJS.ProcessEnv,
  ...parameters: readonly string[]
): Promise<CommandResult> {
  const environment = { ...settingsOf(lab), ...more }
  const running = start('agent', process.execPath, [agentEntry, ...parameters], { environment })
  return { exitCode: await running.ended, output: running.output() }
}

// What the machine that runs the tests says of colours: https://nodejs.org/api/tty.html#writestreamgetcolordepthenv
const coloursUnsaid = {
  CI: undefined,
  FORCE_COLOR: undefined,
  NO_COLOR: undefined,
  NODE_DISABLE_COLORS: undefined,
}

/** The environment in which the agent's commands find a lab's parts, as a person's: it says nothing of colours. */
export function settingsOf(lab: Lab): NodeJS.ProcessEnv {
  return {
    ...coloursUnsaid,
    ...lab.kopia.environment,
    KOPIA_METRICS_STATE_DIR: lab.stateDirectory,
    KOPIA_METRICS_KOPIA_BIN: tool('kopia'),
    KOPIA_METRICS_PUSHGATEWAY_URL: lab.gateway.url,
  }
}
