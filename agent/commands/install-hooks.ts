// install-hooks and uninstall-hooks: add the hooks to Kopia's policies, or restore the actions that were there before.

import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { kopiaOf } from '../daemon/kopia-client.ts'
import { type HookPaths, type PolicyDefinition, withHooks, withoutHooks } from '../kopia/cli/actions.ts'
import type { Kopia } from '../kopia/cli/client.ts'
import type { KopiaResult } from '../kopia/cli/exec.ts'
import { globalTarget } from '../kopia/cli/policies.ts'
import { type LogMachine, logMachineOf } from '../kopia/runs/log-machine.ts'
import { formatSource, isReadByKopia, parseSource } from '../kopia/source.ts'
import { isWindowsPath } from '../kopia/source-patterns.ts'
import type { Settings } from '../settings/settings.ts'
import { messageOf } from '../util/error-text.ts'

/** `--global`, or sources: paths of this user@host, or `user@host:path`. */
type Targets = { readonly kind: 'global' } | { readonly kind: 'sources'; readonly names: readonly string[] }

type Print = (line: string) => void

/**
 * Adds the hooks to the policies of the targets. `installation` is the folder of this installation, with a slash at its
 * end; the hooks are in its folder `hooks`. Resolves with the exit code.
 */
export async function installHooksCommand(
  settings: Settings,
  targets: Targets,
  installation: URL,
  print: Print,
): Promise<0 | 1> {
  if (isForWindows(targets, logMachineOf(settings.cliLogs))) {
    print(
      "Kopia on Windows can't run the hooks, which are shell scripts, so none was installed. It logs without them.",
    )
    return 1
  }
  return exitCodeOf(installHooks(kopiaOf(settings), targets, hookPathsIn(installation), print), print)
}

/** Removes the hooks from the policies of the targets and restores the actions they ran. Resolves with the exit code. */
export async function uninstallHooksCommand(
  settings: Settings,
  targets: Targets,
  print: Print,
): Promise<0 | 1> {
  return exitCodeOf(uninstallHooks(kopiaOf(settings), targets, print), print)
}

/** Whether Kopia on Windows would have to run the hooks: a user's action that they run instead would be lost. */
export function isForWindows(targets: Targets, logMachine: LogMachine): boolean {
  if (logMachine === 'windows') return true
  if (targets.kind === 'global') return false
  return targets.names.some((name) => isWindowsPath(name) || isWindowsPath(parseSource(name)?.path ?? ''))
}

/** The hook scripts of an installation. */
export function hookPathsIn(installation: URL): HookPaths {
  return {
    before: fileURLToPath(new URL('hooks/before-snapshot-root.sh', installation)),
    after: fileURLToPath(new URL('hooks/after-snapshot-root.sh', installation)),
  }
}

async function exitCodeOf(work: Promise<void>, print: Print): Promise<0 | 1> {
  try {
    await work
    return 0
  } catch (error) {
    print(messageOf(error))
    return 1
  }
}

async function installHooks(kopia: Kopia, targets: Targets, hooks: HookPaths, print: Print): Promise<void> {
  const status = valueOrThrow(await kopia.repositoryStatus())
  if (!status.areActionsEnabled) {
    print(
      'Warning: this repository is connected without actions, so Kopia runs no hooks. Connect it with --enable-actions.',
    )
  }
  for (const target of targetNames(targets, status)) {
    const own = valueOrThrow(await kopia.exportPolicy(target))
    const effective = target === globalTarget ? {} : valueOrThrow(await kopia.effectivePolicy(target))
    await saveActions(kopia, target, own ?? {}, withHooks(own, effective, hooks), print)
  }
}

async function uninstallHooks(kopia: Kopia, targets: Targets, print: Print): Promise<void> {
  const status = valueOrThrow(await kopia.repositoryStatus())
  for (const target of targetNames(targets, status)) {
    const own = valueOrThrow(await kopia.exportPolicy(target)) ?? {}
    const restored = withoutHooks(own)
    await saveActions(kopia, target, own, restored, print)
    if (restored.wasCreatedForHooks) valueOrThrow(await kopia.deletePolicy(target))
  }
}

async function saveActions(
  kopia: Kopia,
  target: string,
  before: PolicyDefinition,
  after: { readonly policy: PolicyDefinition; readonly messages: readonly string[] },
  print: Print,
): Promise<void> {
  if (JSON.stringify(before.actions ?? {}) !== JSON.stringify(after.policy.actions)) {
    valueOrThrow(await kopia.importPolicy(target, after.policy))
  }
  const messages = after.messages.length > 0 ? after.messages : ['no hook is there']
  for (const message of messages) print(`${target}: ${message}`)
}

/** The targets as Kopia names them. Throws where Kopia would take a name for another target. */
export function targetNames(
  targets: Targets,
  { user, host }: { readonly user: string; readonly host: string },
): readonly string[] {
  if (targets.kind === 'global') return [globalTarget]
  return targets.names.map((name) => {
    if (!isPath(name)) return name
    const source = { user, host, path: resolve(name) }
    if (isReadByKopia(source)) return formatSource(source)
    throw new Error(
      `${formatSource(source)}: Kopia reads this name in another way, since its user or host holds @ or a colon: set the hooks ` +
        'with "kopia policy set PATH --before-snapshot-root-action=…", or in the global policy with --global',
    )
  })
}

/**
 * Whether a target is a path of this user@host. Any file name can have `@` and `:` in it, so what begins as a path is one:
 * with `/`, `./`, `../` or `~`. As in Kopia's ParseSourceInfo, a `:` before the `@` makes a path too, such as `C:\me@nas:share`.
 */
export function isPath(target: string): boolean {
  if (/^(\/|\.{1,2}\/|~)/.test(target)) return true
  const source = parseSource(target)
  return source === undefined || source.user.includes(':')
}

function valueOrThrow<T>(result: KopiaResult<T>): T {
  if (!result.ok) throw new Error(`${result.command}: ${result.reason}`)
  return result.value
}
