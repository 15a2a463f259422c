// Runs the agent's commands to their end, as a user does, with the Kopia of a lab.

import type { Lab } from './lab.ts'
import { start } from './processes.ts'
import { agentEntry } from './stack.ts'
import { tool } from './tools.ts'

export type CommandResult = { readonly exitCode: number | NodeJS.Signals; readonly output: string }

/** Runs a command of the agent with a lab's settings; output and errors come back together. */
export function runAgentCommand(lab: Lab, ...parameters: readonly string[]): Promise<CommandResult> {
  return runAgentCommandWith(lab, {}, ...parameters)
}

/** Does the same with further environment variables. */
export async function runAgentCommandWith(
  lab: Lab,
  more: NodeJS.ProcessEnv,
  ...parameters: readonly string[]
): Promise<CommandResult> {
  const environment = { ...settingsOf(lab), ...more }
  const running = start('agent', process.execPath, [agentEntry, ...parameters], { environment })
  return { exitCode: await running.ended, output: running.output() }
}

// The machine that runs the tests may set these: https://nodejs.org/api/tty.html#writestreamgetcolordepthenv
const noColourSettings = {
  CI: undefined,
  FORCE_COLOR: undefined,
  NO_COLOR: undefined,
  NODE_DISABLE_COLORS: undefined,
}

/** The environment of the agent's commands for a lab. It has no colour settings, like a user's. */
export function settingsOf(lab: Lab): NodeJS.ProcessEnv {
  return {
    ...noColourSettings,
    ...lab.kopia.environment,
    KOPIA_METRICS_STATE_DIR: lab.stateDirectory,
    KOPIA_METRICS_KOPIA_BIN: tool('kopia'),
    KOPIA_METRICS_PUSHGATEWAY_URL: lab.gateway.url,
  }
}
