// The actions in Kopia's policies: adds our hooks, and removes them without a trace.

import { isDeepStrictEqual } from 'node:util'
import { asRecord } from '../../util/json.ts'

/** A policy as `kopia policy export` writes it; everything but its actions passes through unchanged. */
export type PolicyDefinition = Readonly<Record<string, unknown>>

type Action = {
  readonly path: string
  readonly args: readonly string[]
  readonly timeout: number
  readonly mode: string
  /** A script that Kopia stores in the policy itself; a hook can't run it. */
  readonly script: string
}

export type HookPaths = { readonly before: string; readonly after: string }
type Change = { readonly policy: PolicyDefinition; readonly messages: readonly string[] }

const slots = [
  { key: 'beforeSnapshotRoot', hook: 'before', fileName: 'before-snapshot-root.sh' },
  { key: 'afterSnapshotRoot', hook: 'after', fileName: 'after-snapshot-root.sh' },
] as const

/**
 * Notes among the hook's arguments, before `--`. The first two tell withoutHooks what to restore. The third tells the hook,
 * which can't see the mode, that Kopia fails the backup if the action fails; no after-action fails a backup.
 */
const notes = { inherited: '--inherited', created: '--created', essential: '--essential' } as const

/** Kopia's default time limit of an action. */
const defaultTimeoutSeconds = 300

/**
 * Adds the hooks to a policy, or to a new one if there is none. `inherited` has the actions in force without it. The hook
 * runs an existing or inherited action with that action's mode and time limit. Otherwise the hook is `optional`, so that a
 * missing script fails no backup. A hook that is there already only learns the mode of its action, if this has changed.
 */
export function withHooks(
  existing: PolicyDefinition | undefined,
  inherited: PolicyDefinition,
  hooks: HookPaths,
): Change {
  const policy = existing ?? {}
  const actions: Record<string, unknown> = { ...asRecord(policy.actions ?? {}, 'actions') }
  const inheritedActions = asRecord(inherited.actions ?? {}, 'inherited actions')
  const messages: string[] = []
  for (const { key, hook, fileName } of slots) {
    const own = parseAction(actions[key])
    const action = own ?? parseAction(inheritedActions[key])
    if (action !== undefined && isHook(action, fileName)) {
      const args = own === undefined ? action.args : withCurrentMode(own, hook)
      const isCurrent = isDeepStrictEqual(args, action.args)
      if (!isCurrent) actions[key] = { ...asRecord(actions[key], key), args }
      messages.push(
        `${key}: the hook is there already${isCurrent ? '' : ', and now knows the mode of its action'}`,
      )
    } else if (action !== undefined && action.script !== '') {
      messages.push(`${key}: unchanged, since a hook can't run the script that is stored in the policy`)
    } else {
      const ownNotes = [
        ...(existing === undefined ? [notes.created] : []),
        ...(own === undefined && action !== undefined ? [notes.inherited] : []),
        ...modeNote(hook, action?.mode),
      ]
      actions[key] = hookAction(hooks[hook], ownNotes, action)
      messages.push(`${key}: the hook${action === undefined ? '' : `, which runs ${commandOf(action)}`}`)
    }
  }
  return { policy: { ...policy, actions }, messages }
}

/**
 * Removes the hooks from a policy and restores the actions that they ran. `wasCreatedForHooks` is true if withHooks
 * created the policy and nothing else is in it.
 */
export function withoutHooks(policy: PolicyDefinition): Change & { readonly wasCreatedForHooks: boolean } {
  const actions: Record<string, unknown> = { ...asRecord(policy.actions ?? {}, 'actions') }
  const messages: string[] = []
  let wasCreated = false
  for (const { key, fileName } of slots) {
    const action = parseAction(actions[key])
    if (action === undefined || !isHook(action, fileName)) continue
    wasCreated ||= notesOf(action).includes(notes.created)
    const chained = chainedAction(action)
    if (chained === undefined) delete actions[key]
    else actions[key] = chained
    messages.push(`${key}: ${chained === undefined ? 'nothing' : commandOf(parseAction(chained) ?? action)}`)
  }
  const restored = { ...policy, actions }
  return { policy: restored, messages, wasCreatedForHooks: wasCreated && isEmpty(restored) }
}

export type InstalledHook = { readonly path: string; readonly runsAnAction: boolean }

/** The hooks in a policy. */
export function hooksIn(policy: PolicyDefinition): readonly InstalledHook[] {
  const actions = asRecord(policy.actions ?? {}, 'actions')
  return slots.flatMap(({ key, fileName }) => {
    const action = parseAction(actions[key])
    if (action === undefined || !isHook(action, fileName)) return []
    return [{ path: action.path, runsAnAction: action.args.includes('--') }]
  })
}

/** True for a policy that sets nothing: Kopia writes all its parts as empty objects. */
function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.values(value).every(isEmpty)
}

function hookAction(hookPath: string, ownNotes: readonly string[], action: Action | undefined): object {
  if (action === undefined) {
    const args = ownNotes.length > 0 ? { args: ownNotes } : {}
    return { path: hookPath, ...args, timeout: defaultTimeoutSeconds, mode: 'optional' }
  }
  const { path, args, timeout, mode } = action
  return { path: hookPath, args: [...ownNotes, '--', path, ...args], timeout, mode }
}

function modeNote(hook: keyof HookPaths, mode: string | undefined): readonly string[] {
  return hook === 'before' && mode === 'essential' ? [notes.essential] : []
}

/** The hook's arguments with the note of the mode as it is now: an older hook has none, and the mode can be changed. */
function withCurrentMode(action: Action, hook: keyof HookPaths): readonly string[] {
  const separator = action.args.indexOf('--')
  if (separator < 0) return action.args
  const others = notesOf(action).filter((note) => note !== notes.essential)
  return [...others, ...modeNote(hook, action.mode), ...action.args.slice(separator)]
}

function notesOf({ args }: Action): readonly string[] {
  const separator = args.indexOf('--')
  return separator < 0 ? args : args.slice(0, separator)
}

/** The action after `--`; undefined if the hook runs none, or one that the policy inherits. */
function chainedAction(action: Action): object | undefined {
  const { args, timeout, mode } = action
  const separator = args.indexOf('--')
  const [path, ...rest] = separator < 0 ? [] : args.slice(separator + 1)
  if (path === undefined || notesOf(action).includes(notes.inherited)) return undefined
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
