// The places that Kopia and the agent use where no setting names them, on each platform.

import { homedir } from 'node:os'
import { join } from 'node:path'

export type Environment = Readonly<Record<string, string | undefined>>

/** The machine and user that the defaults are for. Tests hand in their own. */
export type Machine = {
  readonly platform: NodeJS.Platform
  /** Undefined where users have no number. */
  readonly userId: number | undefined
  readonly home: string
}

/** The machine and user of this process. */
export function thisMachine(): Machine {
  return { platform: process.platform, userId: process.getuid?.(), home: homedir() }
}

/** Where Kopia logs (internal/ospath in its source). */
export function defaultLogDirectory(environment: Environment, { platform, home }: Machine): string {
  if (platform === 'darwin') return join(home, 'Library', 'Logs', 'kopia')
  return join(environment.XDG_CACHE_HOME || join(home, '.cache'), 'kopia')
}

const name = 'kopia-metrics-agent'

/** Where the agent keeps its ledger and its spool. The hooks look into the same folders (hooks/record-event.sh). */
export function defaultStateDirectory(environment: Environment, machine: Machine): string {
  const { platform, userId, home } = machine
  if (platform === 'darwin') return join(userId === 0 ? '/' : home, 'Library', 'Application Support', name)
  if (userId === 0) return join('/var/lib', name)
  return join(environment.XDG_STATE_HOME || join(home, '.local', 'state'), name)
}

/** The configuration files that are looked for, the first that exists counts: a user's own, then the machine's. */
export function defaultConfigFiles(environment: Environment, machine: Machine): readonly string[] {
  const { platform, userId, home } = machine
  const ofUser =
    platform === 'darwin'
      ? join(home, 'Library', 'Application Support', name)
      : join(environment.XDG_CONFIG_HOME || join(home, '.config'), name)
  const folders = [...(userId === 0 ? [] : [ofUser]), join('/etc', name)]
  return folders.map((folder) => join(folder, 'config.yaml'))
}

/**
 * The label `instance` where no setting names it. A Mac without a name of its own takes a domain from the network that it is in,
 * and each name would be a new group at the gateway: there the domain is left out, as Kopia does for its host.
 */
export function defaultInstance(hostName: string, { platform }: Pick<Machine, 'platform'>): string {
  return platform === 'darwin' ? (hostName.split('.')[0] ?? '').toLowerCase() || hostName : hostName
}
