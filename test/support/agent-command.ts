// Runs the agent's one-shot commands with a lab's Kopia, as a user would.

import type { Lab } from './lab.ts'
import { start } from './processes.ts'
import { agentEntry } from './stack.ts'
import { tool } from './tools.ts'

export type CommandResult = { readonly exitCode: number | NodeJS.Signals; readonly output: string }

/** Runs a command of the agent with a lab's settings. `output` contains stdout and stderr. */
export function runAgentCommand(lab: Lab, ...parameters: readonly string[]): Promise<CommandResult> {
  return runAgentCommandWith(lab, {}, ...parameters)
}

/** Runs a command with additional environment variables. */
export async function runAgentCommandWith(
  lab: Lab,
  more: NodeJS.ProcessEnv,
  ...parameters: readonly string[]
): Promise<CommandResult> {
  const environment = { ...settingsOf(lab), ...more }
  const running = start('agent', process.execPath, [agentEntry, ...parameters], { environment })
  return { exitCode: await running.ended, output: running.output() }
}

// Unsets the variables that decide about colours: https://nodejs.org/api/tty.html#writestreamgetcolordepthenv
const withoutColourSettings = {
  CI: undefined,
  FORCE_COLOR: undefined,
  NO_COLOR: undefined,
  NODE_DISABLE_COLORS: undefined,
}

/** The environment in which the agent's commands use a lab's services. It has no colour settings, like most users' shells. */
export function settingsOf(lab: Lab): NodeJS.ProcessEnv {
  return {
    ...withoutColourSettings,
    ...lab.kopia.environment,
    KOPIA_METRICS_STATE_DIR: lab.stateDirectory,
    KOPIA_METRICS_KOPIA_BIN: tool('kopia'),
    KOPIA_METRICS_PUSHGATEWAY_URL: lab.gateway.url,
  }
}
