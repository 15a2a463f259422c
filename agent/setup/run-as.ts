// Starts programs as the person whose Kopia it is: as another user, Kopia leaves cache files that its owner can't open.

import type { Person } from './facts.ts'

const xdgFolders = ['XDG_CONFIG_HOME', 'XDG_CACHE_HOME', 'XDG_STATE_HOME']

/** What stands before a program; nothing for the user who runs setup. runuser(1) asks for no password. */
export function launcherFor(person: Person, self: Person): readonly string[] {
  if (person.userId === self.userId) return []
  const unset = [...xdgFolders, 'XDG_RUNTIME_DIR']
  return [
    'runuser',
    '-u',
    person.name,
    '--',
    'env',
    ...unset.flatMap((name) => ['-u', name]),
    `HOME=${person.home}`,
  ]
}

/** The environment without what is set for Kopia and the agent. A unit, if there is one, knows no XDG folders either, which shells set. */
export function bareEnvironment(
  environment: NodeJS.ProcessEnv,
  unit: string | undefined,
): Record<string, string> {
  const isBare = (name: string) =>
    !name.startsWith('KOPIA_') && !(unit !== undefined && xdgFolders.includes(name))
  const entries = Object.entries(environment).filter(([name]) => isBare(name))
  return Object.fromEntries(entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}
