// Is Kopia there, does it reach its repository, and does it run the hooks?

import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type HookPlace, hooksIn, type PolicyDefinition } from '../kopia/cli/actions.ts'
import type { Kopia, RepositoryStatus } from '../kopia/cli/client.ts'
import { durationWords } from '../status/words.ts'
import { type Finding, failure, ok, warning } from './finding.ts'

/** The oldest whose logs were read, in tests and by hand. */
const oldestKnownMinor = 19

/** Whether Kopia can be started, and which version it is. */
export async function checkKopia(kopia: Kopia, binary: string): Promise<Finding> {
  const answer = await kopia.version()
  if (!answer.ok) {
    return failure('Kopia', `${binary}: ${answer.reason}`, 'install Kopia, or set kopia_bin to where it is')
  }
  const [, major = 0, minor = 0] = (/^v?(\d+)\.(\d+)/.exec(answer.value) ?? []).map(Number)
  const found = `${answer.value} (${binary})`
  return major === 0 && minor < oldestKnownMinor
    ? warning('Kopia', found, `update Kopia: its logs are understood from 0.${oldestKnownMinor} on`)
    : ok('Kopia', found)
}

export type Reached = { readonly finding: Finding; readonly status?: RepositoryStatus }

/** Whether the repository answers, and after how long. */
export async function checkRepository(kopia: Kopia, nowSeconds: () => number): Promise<Reached> {
  const begin = nowSeconds()
  const answer = await kopia.repositoryStatus()
  const took = durationWords(nowSeconds() - begin)
  if (!answer.ok) {
    const advice =
      'run "kopia repository status" as this user; connect it, or set KOPIA_CONFIG_PATH and KOPIA_PASSWORD'
    return { finding: failure('repository', `${answer.command}: ${answer.reason}`, advice) }
  }
  const { user, host, storageType } = answer.value
  const storage = storageType === '' ? 'a Kopia server' : storageType
  return { finding: ok('repository', `${storage}, as ${user}@${host}, in ${took}`), status: answer.value }
}

/** Whether Kopia runs hooks at all, and whether those that policies name are there. */
export async function checkHooks(kopia: Kopia, status: RepositoryStatus): Promise<readonly Finding[]> {
  const answer = await kopia.exportPolicies()
  if (!answer.ok) {
    return [failure('hooks', `${answer.command}: ${answer.reason}`, 'run "kopia policy export" as this user')]
  }
  const places = hooksOfThisMachine(answer.value, status)
  const missing = await missingFiles(places)
  const targets = new Set(places.map(({ target }) => target))
  return [checkActions(status, targets.size), hooksFinding(targets.size, missing)]
}

function checkActions(status: RepositoryStatus, targets: number): Finding {
  if (status.areActionsEnabled) return ok('actions', 'enabled')
  const advice =
    'connect the repository again with --enable-actions ("kopia repository connect … --enable-actions")'
  return targets === 0
    ? ok('actions', 'not enabled, which only hooks need')
    : failure('actions', `not enabled, though there are hooks in ${policiesWords(targets)}`, advice)
}

function hooksFinding(targets: number, missing: readonly string[]): Finding {
  const [first] = missing
  if (first !== undefined) {
    const more = missing.length > 1 ? ` and ${missing.length - 1} more` : ''
    const advice =
      'install-hooks again for these sources; a package that was moved or removed took them along'
    return failure('hooks', `${first}${more}: no executable file`, advice)
  }
  return targets === 0
    ? ok('hooks', 'none, which only a Kopia that writes no logs needs')
    : ok('hooks', `in ${policiesWords(targets)}, all executable`)
}

function policiesWords(count: number): string {
  return count === 1 ? '1 policy' : `${count} policies`
}

type NamedPlace = HookPlace & { readonly target: string }

/** Other machines' policies name files of other machines. */
function hooksOfThisMachine(
  policies: Readonly<Record<string, PolicyDefinition>>,
  { user, host }: RepositoryStatus,
): readonly NamedPlace[] {
  const own = [`${user}@${host}:`, `@${host}`]
  return Object.entries(policies)
    .filter(([target]) => target === '(global)' || own.some((begin) => `${target}:`.startsWith(begin)))
    .flatMap(([target, policy]) => hooksIn(policy).map((place) => ({ ...place, target })))
}

/** A hook without its helpers beside it fails no backup, and records nothing. */
async function missingFiles(places: readonly HookPlace[]): Promise<readonly string[]> {
  const executables = places.map(({ path }) => path)
  const helpers = places.flatMap(({ path, isChaining }) => [
    join(dirname(path), 'record-event.sh'),
    ...(isChaining ? [join(dirname(path), 'chain.sh')] : []),
  ])
  const needed = [
    ...executables.map((path) => ({ path, mode: constants.R_OK | constants.X_OK })),
    ...helpers.map((path) => ({ path, mode: constants.R_OK })),
  ]
  const missing = new Set<string>()
  for (const { path, mode } of needed) await access(path, mode).catch(() => missing.add(path))
  return [...missing]
}
