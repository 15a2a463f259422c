// install-hooks and uninstall-hooks: Kopia's policies get the hooks, or what stood there before.

import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { kopiaOf } from '../daemon/kopia-client.ts'
import { type HookPaths, type PolicyDefinition, withHooks, withoutHooks } from '../kopia/cli/actions.ts'
import type { Kopia } from '../kopia/cli/client.ts'
import { formatSource, parseSource } from '../kopia/source.ts'
import type { Settings } from '../settings/settings.ts'

/** `--global`, or sources: paths of this user@host, or `user@host:path`. */
export type Targets =
  | { readonly kind: 'global' }
  | { readonly kind: 'sources'; readonly names: readonly string[] }

export type Print = (line: string) => void

const globalTarget = '(global)'

/** The hooks of this installation; they lie beside the folder that this program is in. */
const hookPaths: HookPaths = {
  before: fileURLToPath(new URL('../hooks/before-snapshot-root.sh', import.meta.url)),
  after: fileURLToPath(new URL('../hooks/after-snapshot-root.sh', import.meta.url)),
}

/** Puts the hooks into Kopia's policies, or takes them out; says what it did. */
export async function hooksCommand(
  settings: Settings,
  change: typeof installHooks,
  targets: Targets,
  print: Print,
): Promise<0 | 1> {
  const kopia = kopiaOf(settings)
  try {
    await change(kopia, targets, print)
    return 0
  } catch (error) {
    print(error instanceof Error ? error.message : String(error))
    return 1
  }
}

/** Puts the hooks into the policies of the targets, and says what it did. Rejects where Kopia can't be asked. */
export async function installHooks(kopia: Kopia, targets: Targets, print: Print): Promise<void> {
  const status = answerOf(await kopia.repositoryStatus())
  if (!status.areActionsEnabled) {
    print(
      'Warning: this repository is connected without actions, so Kopia will run no hook: connect it with --enable-actions.',
    )
  }
  for (const target of targetsOf(targets, status)) {
    const own = answerOf(await kopia.exportPolicy(target))
    const inForce = target === globalTarget ? {} : answerOf(await kopia.effectivePolicy(target))
    await change(kopia, target, own ?? {}, withHooks(own, inForce, hookPaths), print)
  }
}

/** Takes the hooks out of the policies of the targets; what they chained stands there again. */
export async function uninstallHooks(kopia: Kopia, targets: Targets, print: Print): Promise<void> {
  const status = answerOf(await kopia.repositoryStatus())
  for (const target of targetsOf(targets, status)) {
    const own = answerOf(await kopia.exportPolicy(target)) ?? {}
    const restored = withoutHooks(own)
    await change(kopia, target, own, restored, print)
    if (restored.isOurs) answerOf(await kopia.deletePolicy(target))
  }
}

async function change(
  kopia: Kopia,
  target: string,
  before: PolicyDefinition,
  after: { readonly policy: PolicyDefinition; readonly messages: readonly string[] },
  print: Print,
): Promise<void> {
  if (JSON.stringify(before.actions ?? {}) !== JSON.stringify(after.policy.actions)) {
    answerOf(await kopia.importPolicy(target, after.policy))
  }
  for (const line of after.messages.length > 0 ? after.messages : ['no hook is there'])
    print(`${target}: ${line}`)
}

function targetsOf(
  targets: Targets,
  { user, host }: { readonly user: string; readonly host: string },
): readonly string[] {
  if (targets.kind === 'global') return [globalTarget]
  return targets.names.map((name) =>
    parseSource(name) ? name : formatSource({ user, host, path: resolve(name) }),
  )
}

function answerOf<T>(answer: { ok: true; value: T } | { ok: false; command: string; reason: string }): T {
  if (!answer.ok) throw new Error(`${answer.command}: ${answer.reason}`)
  return answer.value
}
