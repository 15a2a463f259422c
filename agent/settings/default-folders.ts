// The folders that Kopia and the agent use where no setting names them.

import { homedir } from 'node:os'
import { join } from 'node:path'

export type Environment = Readonly<Record<string, string | undefined>>

/** Where Kopia logs (internal/ospath in its source). */
export function defaultLogDirectory(environment: Environment): string {
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Logs', 'kopia')
  return join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'kopia')
}

/** Where the agent keeps its ledger and its spool. */
export function defaultStateDirectory(environment: Environment): string {
  if (process.getuid?.() === 0) return '/var/lib/kopia-metrics-agent'
  return join(environment.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'kopia-metrics-agent')
}
