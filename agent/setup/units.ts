// The units of the packages, and what they set: deploy/systemd.

import { join } from 'node:path'
import type { Machine, Person } from './facts.ts'
import type { Answers } from './plan-types.ts'

export const timerUnit = 'kopia-metrics-agent-push.timer'
export const plainUnit = 'kopia-metrics-agent.service'
export const pushUnit = 'kopia-metrics-agent-push.service'
export const credentialFolder = '/etc/credstore'

/** The unit of an agent with a name. */
export function namedUnit(name: string): string {
  return `kopia-metrics-agent@${name}.service`
}

/** The unit that runs an agent; undefined: nothing does. A timer that is enabled already stays the usual one. */
export function unitOf(
  { manager, units }: Machine,
  name: string | undefined,
  { unit, configFile }: Pick<Answers, 'unit' | 'configFile'>,
): string | undefined {
  if (manager.kind === 'none' || unit === 'none' || configFile !== undefined) return undefined
  if (name !== undefined) return namedUnit(name)
  const isTimed = unit === 'timer' || (unit === 'usual' && units.get(timerUnit)?.isEnabled === true)
  return isTimed ? timerUnit : plainUnit
}

/** The service whose process is the agent. */
export function serviceOf(unit: string): string {
  return unit === timerUnit ? pushUnit : unit
}

/** Where the unit finds a secret, such as `kopia-password`. */
export function credentialPath(name: string | undefined, secret: string): string {
  return join(
    credentialFolder,
    ['kopia-metrics-agent', ...(name === undefined ? [] : [name]), secret].join('.'),
  )
}

/** What the unit's own Environment= lines set. */
export function unitEnvironment(
  machine: Pick<Machine, 'manager' | 'self'>,
  name: string | undefined,
): Readonly<Record<string, string>> {
  const system = machine.manager.kind === 'system'
  const root = system ? '/var/lib' : join(machine.self.home, '.local/state')
  const state = join(root, 'kopia-metrics-agent', ...(name === undefined ? [] : ['instances', name]))
  if (name === undefined) return system ? { KOPIA_METRICS_STATE_DIR: state } : {}
  return {
    KOPIA_METRICS_STATE_DIR: state,
    KOPIA_METRICS_GROUPING: `agent=${name}`,
    KOPIA_METRICS_LISTEN: '',
  }
}

type DropIn = { readonly path: string; readonly text: string }

/** The agent of another person's Kopia runs as that person. It must write Kopia's cache, which is in the home. */
export function dropInFor(unit: string, person: Person, configPath: string): DropIn {
  const flatpak = /^.+\/\.var\/app\/[^/]+\//.exec(configPath)?.[0]
  const caches = [join(person.home, '.cache'), ...(flatpak === undefined ? [] : [join(flatpak, 'cache')])]
  return {
    path: `/etc/systemd/system/${serviceOf(unit)}.d/user.conf`,
    text: `[Service]\nUser=${person.name}\n${caches.map((cache) => `ReadWritePaths=${unitWord(`-${cache}`)}\n`).join('')}`,
  }
}

/** One word of a list in a unit (systemd.syntax(7), "Quoting"); a percent sign would begin a specifier. */
function unitWord(text: string): string {
  const escaped = text.replace(/["\\]/g, '\\$&').replaceAll('%', '%%')
  return /[\s"'\\]/.test(text) ? `"${escaped}"` : escaped
}

/** The user of a service, by its drop-ins; undefined if none says so. */
export function userIn(dropIns: readonly string[]): string | undefined {
  return dropIns
    .flatMap((text) => [...text.matchAll(/^User=(\S+)$/gm)])
    .map(([, user]) => user)
    .at(-1)
}
