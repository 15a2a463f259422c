// Finds out which configuration file a process of Kopia uses, and whether it is connected to the agent's repository.

import { readFileSync, realpathSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'

/** Whether a run belongs to the agent's repository, by its configuration file. `path` is for messages. */
export type Configuration = { readonly kind: 'own' } | { readonly kind: 'other'; readonly path: string }

type Environment = Readonly<Record<string, string | undefined>>

/** Kopia's configuration file where no setting names one (internal/ospath in Kopia's source). */
export function configurationPathOf(
  configured: string,
  environment: Environment,
  platform: NodeJS.Platform,
): string {
  const name = configured === '' ? 'repository.config' : configured
  if (basename(name) !== name) return name
  const home = environment.HOME ?? ''
  const folder =
    platform === 'darwin'
      ? join(home, 'Library', 'Application Support')
      : environment.XDG_CONFIG_HOME || join(home, '.config')
  return join(folder, 'kopia', name)
}

/**
 * The configuration of the living process with this pid, compared with the agent's file; undefined if it can't be read. Of
 * the process's environment only three variables are looked at, and nothing is kept.
 */
export function configurationOfProcess(processId: number, ownPath: string): Configuration | undefined {
  const folder = `/proc/${processId}`
  try {
    const parameters = readFileSync(join(folder, 'cmdline'), 'utf8').split('\0')
    const environment = environmentIn(readFileSync(join(folder, 'environ'), 'utf8'))
    const configured = configFlagIn(parameters) ?? environment.KOPIA_CONFIG_PATH ?? ''
    const path = configurationPathOf(configured, environment, process.platform)
    const isAbsolute = path.startsWith('/')
    // In a container the path is below another root (proc_pid_root(5)).
    return compareConfigurations(join(folder, isAbsolute ? 'root' : 'cwd', path), path, ownPath)
  } catch {
    return undefined
  }
}

/** A configuration file that a log names, compared with the agent's; undefined if it can't be read. */
export function configurationInLog(path: string, ownPath: string): Configuration | undefined {
  try {
    return path === ownPath ? { kind: 'own' } : compareConfigurations(path, path, ownPath)
  } catch {
    return undefined
  }
}

/** Two files can be connected to the same repository: then they name the same storage or server. */
function compareConfigurations(reachablePath: string, path: string, ownPath: string): Configuration {
  const other = { kind: 'other', path } as const
  const [theirs, own] = [statSync(reachablePath), statSync(ownPath)]
  if (theirs.dev === own.dev && theirs.ino === own.ino) return { kind: 'own' }
  if (realpathSync(reachablePath) === realpathSync(ownPath)) return { kind: 'own' }
  const isSame = isDeepStrictEqual(repositoryIn(reachablePath), repositoryIn(ownPath))
  return isSame ? { kind: 'own' } : other
}

function repositoryIn(path: string): object {
  const { storage, apiServer }: Record<string, unknown> = JSON.parse(readFileSync(path, 'utf8'))
  return { storage, apiServer }
}

/** `--config-file=PATH` or `--config-file PATH`; the last one counts. */
function configFlagIn(parameters: readonly string[]): string | undefined {
  const flag = '--config-file'
  const values = parameters.flatMap((parameter, index) => {
    if (parameter.startsWith(`${flag}=`)) return [parameter.slice(flag.length + 1)]
    return parameter === flag ? [parameters[index + 1] ?? ''] : []
  })
  return values.at(-1)
}

function environmentIn(text: string): Environment {
  const names = ['KOPIA_CONFIG_PATH', 'XDG_CONFIG_HOME', 'HOME']
  const entries = text.split('\0').map((entry): [string, string] => {
    const equals = entry.indexOf('=')
    return [entry.slice(0, equals), entry.slice(equals + 1)]
  })
  return Object.fromEntries(entries.filter(([name]) => names.includes(name)))
}
