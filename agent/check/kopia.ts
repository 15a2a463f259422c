// Checks that Kopia runs, reaches its repository and runs the hooks.

import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { hooksIn, type InstalledHook, type PolicyDefinition } from '../kopia/cli/actions.ts'
import type { Kopia, RepositoryStatus } from '../kopia/cli/client.ts'
import { globalTarget } from '../kopia/cli/policies.ts'
import { durationWords } from '../status/words.ts'
import { type Finding, failure, ok, warning } from './finding.ts'

/** The minor version of the oldest Kopia (0.19) whose logs the agent was tested with. */
const oldestTestedMinor = 19

/** Checks that Kopia starts, and its version. */
export async function checkKopia(kopia: Kopia, binary: string): Promise<Finding> {
  const version = await kopia.version()
  if (!version.ok) {
    return failure('Kopia', `${binary}: ${version.reason}`, 'install Kopia, or set kopia_bin to its path')
  }
  // A build from source calls itself 0-unofficial, whatever its version is.
  const minor = /^0\.(\d+)/.exec(version.value)?.[1]
  const found = `${version.value} (${binary})`
  return minor !== undefined && Number(minor) < oldestTestedMinor
    ? warning(
        'Kopia',
        found,
        `update Kopia: the agent understands the logs of 0.${oldestTestedMinor} and newer`,
      )
    : ok('Kopia', found)
}

type RepositoryResult = { readonly finding: Finding; readonly status?: RepositoryStatus }

/** Checks that the repository answers, and how long that takes. */
export async function checkRepository(kopia: Kopia, nowSeconds: () => number): Promise<RepositoryResult> {
  const begin = nowSeconds()
  const status = await kopia.repositoryStatus()
  const took = durationWords(nowSeconds() - begin)
  if (!status.ok) {
    const advice =
      'run "kopia repository status" as this user; connect it, or set KOPIA_CONFIG_PATH and KOPIA_PASSWORD'
    return { finding: failure('repository', `${status.command}: ${status.reason}`, advice) }
  }
  const { user, host, storageType } = status.value
  const storage = storageType === '' ? 'a Kopia server' : storageType
  return { finding: ok('repository', `${storage}, as ${user}@${host}, in ${took}`), status: status.value }
}

type HooksResult = {
  readonly findings: readonly Finding[]
  /** Policies with hooks; undefined if Kopia did not answer. */
  readonly hookedPolicies?: number
}

/** Checks that Kopia runs hooks, and that the hooks in its policies exist. */
export async function checkHooks(kopia: Kopia, status: RepositoryStatus): Promise<HooksResult> {
  const policies = await kopia.exportPolicies()
  if (!policies.ok) {
    const found = `${policies.command}: ${policies.reason}`
    return { findings: [failure('hooks', found, 'run "kopia policy export" as this user')] }
  }
  const hooks = hooksOfThisMachine(policies.value, status)
  const missing = await missingFiles(hooks)
  const targets = new Set(hooks.map(({ target }) => target))
  const findings = [checkActions(status, targets.size), hooksFinding(targets.size, missing)]
  return { findings, hookedPolicies: targets.size }
}

function checkActions(status: RepositoryStatus, targets: number): Finding {
  if (status.areActionsEnabled) return ok('actions', 'enabled')
  const advice =
    'connect the repository again with --enable-actions ("kopia repository connect … --enable-actions")'
  return targets === 0
    ? ok('actions', 'not enabled; only hooks need them')
    : failure('actions', `not enabled, though there are hooks in ${policiesWords(targets)}`, advice)
}

function hooksFinding(targets: number, missing: readonly string[]): Finding {
  const [first] = missing
  if (first !== undefined) {
    const more = missing.length > 1 ? ` and ${missing.length - 1} more` : ''
    const advice =
      'run install-hooks again for these sources: the hooks have moved or gone with their package'
    return failure('hooks', `${first}${more}: no executable file`, advice)
  }
  return targets === 0
    ? ok('hooks', 'none; only a Kopia that writes no logs needs them')
    : ok('hooks', `in ${policiesWords(targets)}, all executable`)
}

function policiesWords(count: number): string {
  return count === 1 ? '1 policy' : `${count} policies`
}

type PolicyHook = InstalledHook & { readonly target: string }

/** Leaves out the policies of other machines: their hooks are files on those machines. */
function hooksOfThisMachine(
  policies: Readonly<Record<string, PolicyDefinition>>,
  { user, host }: RepositoryStatus,
): readonly PolicyHook[] {
  const own = [`${user}@${host}:`, `@${host}`]
  return Object.entries(policies)
    .filter(([target]) => target === globalTarget || own.some((begin) => `${target}:`.startsWith(begin)))
    .flatMap(([target, policy]) => hooksIn(policy).map((hook) => ({ ...hook, target })))
}

/** Looks for the hooks' helper scripts, too: without them a hook records nothing. */
async function missingFiles(hooks: readonly InstalledHook[]): Promise<readonly string[]> {
  const executables = hooks.map(({ path }) => path)
  const helpers = hooks.flatMap(({ path, runsAnAction }) => [
    join(dirname(path), 'record-event.sh'),
    ...(runsAnAction ? [join(dirname(path), 'chain.sh')] : []),
  ])
  const needed = [
    ...executables.map((path) => ({ path, mode: constants.R_OK | constants.X_OK })),
    ...helpers.map((path) => ({ path, mode: constants.R_OK })),
  ]
  const missing = new Set<string>()
  for (const { path, mode } of needed) await access(path, mode).catch(() => missing.add(path))
  return [...missing]
}
