// Decides which agent watches which repository: one that exists already, the agent without a name, or a new one with a name.

import { basename, normalize } from 'node:path'
import { configurationPathOf } from '../kopia/runs/configuration.ts'
import type { Asked, ExistingAgent, Machine, Repository } from './facts.ts'
import { fileOf } from './places.ts'
import type { Answers, Assignment } from './plan-types.ts'

/** A repository that an agent watches already keeps it. One alone gets the agent without a name, several get named ones. */
export function assignAgents(
  asked: readonly Asked[],
  machine: Machine,
  { name: givenName, configFile, unit }: Answers,
): readonly Assignment[] {
  const existing = asked.map(({ repository }) => agentOf(repository, machine, configFile))
  const unwatched = existing.filter((agent) => agent === undefined).length
  const isPlainFree =
    machine.files.get(fileOf(machine, undefined, configFile))?.kind !== 'active' &&
    (unit === 'timer' || configFile !== undefined || !isReadByOthers(machine))
  const isAlone = asked.length === 1 && unwatched === 1 && givenName === undefined && isPlainFree
  const taken = new Set([...machine.agents.map(({ name }) => name), ...groupsOf(machine.neighbours)])
  return asked.map((one, index): Assignment => {
    const agent = existing[index]
    if (agent !== undefined) return { asked: one, name: agent.name, file: agent.file, state: 'existing' }
    const name = isAlone ? undefined : freeName(givenName ?? nameOf(one.repository, machine), taken)
    taken.add(name)
    return { asked: one, name, file: fileOf(machine, name, isAlone ? configFile : undefined), state: 'new' }
  })
}

/** Users' agents that have no configuration file of their own take their settings from root's plain one, also what must differ. */
function isReadByOthers({ self, neighbours }: Machine): boolean {
  return self.userId === 0 && neighbours.some(({ name }) => name === undefined)
}

/** The agent without a name takes the default configuration of the user who runs it. */
function agentOf(
  repository: Repository,
  { agents, platform }: Machine,
  configFile: string | undefined,
): ExistingAgent | undefined {
  const candidates = configFile === undefined ? agents : agents.filter(({ file }) => file === configFile)
  return candidates.find((agent) => watches(agent, repository, platform))
}

/** A name alone stands for a file in Kopia's folder of configurations, as for Kopia. */
function watches(
  { name, values, user }: ExistingAgent,
  repository: Repository,
  platform: NodeJS.Platform,
): boolean {
  const configPath = values.kopia_config_path ?? ''
  if (configPath !== '') {
    const { home } = repository.owner
    return normalize(configurationPathOf(configPath, { HOME: home }, platform)) === repository.configPath
  }
  return name === undefined && repository.isDefault && user === repository.owner.name
}

/** The agent that somebody else runs for this repository; undefined if there is none. */
export function neighbourOf(
  repository: Repository,
  { neighbours, platform }: Machine,
): ExistingAgent | undefined {
  return neighbours.find((agent) => watches(agent, repository, platform))
}

/** `photos.config` is `photos`; of another person's Kopia the name is the person's, with that of any but the default file. */
function nameOf({ configPath, owner, isDefault }: Repository, { self }: Machine): string {
  const own = inUnitName(basename(configPath, '.config')) || 'repository'
  if (owner.userId === self.userId) return own
  const person = inUnitName(owner.name)
  return isDefault ? person : `${person}-${own}`
}

/** Names of a directory service can be such as `CORP\alice` or `alice@corp.example`. */
function inUnitName(text: string): string {
  return text.replace(/[^\w.-]/g, '-')
}

/** The groups in which the agents of others push: a push replaces its whole group. */
export function groupsOf(neighbours: Machine['neighbours']): ReadonlySet<string | undefined> {
  return new Set(
    neighbours.map(
      ({ name, values: { grouping } }) => /(?:^|,)\s*agent=([^,]+)/.exec(grouping ?? '')?.[1] ?? name,
    ),
  )
}

/** The name itself, or the first with a number that nobody has. */
export function freeName(wanted: string, taken: ReadonlySet<string | undefined>): string {
  // `config.yaml` is the file of the agent without a name.
  const isFree = (name: string) => !taken.has(name) && name !== 'config'
  if (isFree(wanted)) return wanted
  for (let number = 2; ; number += 1) if (isFree(`${wanted}-${number}`)) return `${wanted}-${number}`
}
