// The actions in Kopia's policies: our hooks put in, and taken out again as if they had never been there.

import { asRecord } from '../../util/json.ts'

/** A policy as `kopia policy export` writes it; only its actions are understood here, the rest is kept as it is. */
export type PolicyDefinition = Readonly<Record<string, unknown>>

type Action = {
  readonly path: string
  readonly args: readonly string[]
  readonly timeout: number
  readonly mode: string
  /** A script that Kopia keeps in the policy itself; it can't be chained. */
  readonly script: string
}

export type HookPaths = { readonly before: string; readonly after: string }
export type Change = { readonly policy: PolicyDefinition; readonly messages: readonly string[] }

const slots = [
  { key: 'beforeSnapshotRoot', hook: 'before', fileName: 'before-snapshot-root.sh' },
  { key: 'afterSnapshotRoot', hook: 'after', fileName: 'after-snapshot-root.sh' },
] as const

/** Notes to ourselves among the hook's arguments, before `--`: what to restore. */
const notes = { inherited: '--inherited', created: '--created' } as const

/** Kopia's own time limit for an action, in seconds. */
const defaultTimeoutSeconds = 300

/**
 * Puts the hooks into a policy, or into a new one where there is none. `inherited` are the actions in force without it. An action that stands there, or is
 * inherited, is chained with its mode and time limit; a hook alone is `optional`, so that a lost script fails no backup.
 */
export function withHooks(
  existing: PolicyDefinition | undefined,
  inherited: PolicyDefinition,
  hooks: HookPaths,
): Change {
  const policy = existing ?? {}
  const actions: Record<string, unknown> = { ...asRecord(policy.actions ?? {}, 'actions') }
  const above = asRecord(inherited.actions ?? {}, 'inherited actions')
  const messages: string[] = []
  for (const { key, hook, fileName } of slots) {
    const own = parseAction(actions[key])
    const action = own ?? parseAction(above[key])
    if (action !== undefined && isHook(action, fileName)) {
      messages.push(`${key}: the hook is there already`)
    } else if (action !== undefined && action.script !== '') {
      messages.push(`${key}: a script is stored in the policy, which can't be chained: it stays as it is`)
    } else {
      const note = [
        ...(existing === undefined ? [notes.created] : []),
        ...(own === undefined && action !== undefined ? [notes.inherited] : []),
      ]
      actions[key] = hookAction(hooks[hook], note, action)
      messages.push(`${key}: the hook${action === undefined ? '' : `, which runs ${commandOf(action)}`}`)
    }
  }
  return { policy: { ...policy, actions }, messages }
}

/**
 * Takes the hooks out of a policy; what they ran stands there again, as it was. `isOurs` says that the policy was made
 * for the hooks, and holds nothing else now.
 */
export function withoutHooks(policy: PolicyDefinition): Change & { readonly isOurs: boolean } {
  const actions: Record<string, unknown> = { ...asRecord(policy.actions ?? {}, 'actions') }
  const messages: string[] = []
  let wasCreated = false
  for (const { key, fileName } of slots) {
    const action = parseAction(actions[key])
    if (action === undefined || !isHook(action, fileName)) continue
    wasCreated ||= action.args.includes(notes.created)
    const chained = chainedAction(action)
    if (chained === undefined) delete actions[key]
    else actions[key] = chained
    messages.push(`${key}: ${chained === undefined ? 'nothing' : commandOf(parseAction(chained) ?? action)}`)
  }
  const restored = { ...policy, actions }
  return { policy: restored, messages, isOurs: wasCreated && isEmpty(restored) }
}

export type HookPlace = { readonly path: string; readonly isChaining: boolean }

/** The hooks that a policy names. */
export function hooksIn(policy: PolicyDefinition): readonly HookPlace[] {
  const actions = asRecord(policy.actions ?? {}, 'actions')
  return slots.flatMap(({ key, fileName }) => {
    const action = parseAction(actions[key])
    if (action === undefined || !isHook(action, fileName)) return []
    return [{ path: action.path, isChaining: action.args.includes('--') }]
  })
}

/** A policy that says nothing: Kopia writes all its parts, empty. */
function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.values(value).every(isEmpty)
}

function hookAction(hookPath: string, note: readonly string[], action: Action | undefined): object {
  if (action === undefined) {
    const args = note.length > 0 ? { args: note } : {}
    return { path: hookPath, ...args, timeout: defaultTimeoutSeconds, mode: 'optional' }
  }
  const { path, args, timeout, mode } = action
  return { path: hookPath, args: [...note, '--', path, ...args], timeout, mode }
}

/** The action behind `--`; none where the hook stood alone, or the action came from a policy above. */
function chainedAction({ args, timeout, mode }: Action): object | undefined {
  const separator = args.indexOf('--')
  const [path, ...rest] = separator < 0 ? [] : args.slice(separator + 1)
  if (path === undefined || args.slice(0, separator).includes(notes.inherited)) return undefined
  return { path, ...(rest.length > 0 && { args: rest }), timeout, mode }
}

function isHook(action: Action, fileName: string): boolean {
  return action.path.endsWith(`/${fileName}`)
}

function commandOf({ path, args }: Action): string {
  return [path, ...args].join(' ')
}

function parseAction(value: unknown): Action | undefined {
  if (value === undefined || value === null) return undefined
  const { path, args, timeout, mode, script } = asRecord(value, 'action')
  return {
    path: typeof path === 'string' ? path : '',
    args: Array.isArray(args) ? args.map(String) : [],
    timeout: typeof timeout === 'number' ? timeout : defaultTimeoutSeconds,
    mode: typeof mode === 'string' ? mode : '',
    script: typeof script === 'string' ? script : '',
  }
}
