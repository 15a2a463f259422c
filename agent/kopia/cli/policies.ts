// `kopia policy list --json`: which sources have a policy, and how often it schedules a snapshot.

import { asNumber, asRecord } from '../../util/json.ts'
import { formatSource, type Source } from '../source.ts'
import { type EffectivePolicy, effectivePolicyOf, type PolicyFields } from './merged-policy.ts'

/** A policy of its own; what it does not set comes from the policies above it. */
export type Policy = PolicyFields & {
  /** `user@host:path`, `user@host`, `@host`, or empty for the global one. */
  readonly target: string
}

const daySeconds = 86_400

/** Parses Kopia's output; throws an Error that names the first unexpected value. */
export function parsePolicies(output: unknown): readonly Policy[] {
  if (!Array.isArray(output)) throw new Error('expected a list of policies')
  return output.map((entry: unknown, index) => {
    const policy = asRecord(entry, `policy ${index}`)
    const target = asRecord(policy.target ?? {}, `target of policy ${index}`)
    const retention = asRecord(policy.retention ?? {}, `retention of policy ${index}`)
    const scheduling = asRecord(policy.scheduling ?? {}, `scheduling of policy ${index}`)
    return {
      target: formatTarget(
        String(target.userName ?? ''),
        String(target.host ?? ''),
        String(target.path ?? ''),
      ),
      intervalSeconds: asNumber(scheduling.intervalSeconds),
      minutesOfDay: asList(scheduling.timeOfDay).map(minutesOf),
      cron: asList(scheduling.cron).map(String),
      isManual: scheduling.manual === true,
      ...(typeof scheduling.runMissed === 'boolean' && { runsMissed: scheduling.runMissed }),
      ...(typeof retention.ignoreIdenticalSnapshots === 'boolean' && {
        ignoresIdentical: retention.ignoreIdenticalSnapshots,
      }),
      ...(policy.noParent === true && { noParent: true }),
      ...(scheduling.noParentTimeOfDay === true && { noParentTimesOfDay: true }),
    }
  })
}

/** Whether the source has a policy of its own. */
export function hasOwnPolicy(policies: readonly Policy[], source: Source): boolean {
  return policies.some((policy) => policy.target === formatSource(source))
}

/** Remembered, since each push looks up the same policies for up to 10,000 sources. */
const knownPolicies = new WeakMap<readonly Policy[], (source: Source) => EffectivePolicy>()

/** The effective policy of a source, from all policies of the repository. */
export function effectivePolicyFor(policies: readonly Policy[], source: Source): EffectivePolicy {
  const lookUp = knownPolicies.get(policies) ?? createPolicyLookup(policies)
  knownPolicies.set(policies, lookUp)
  return lookUp(source)
}

function createPolicyLookup(policies: readonly Policy[]): (source: Source) => EffectivePolicy {
  // Two clients can leave two policies of one target; Kopia merges them as well.
  const byTarget = Map.groupBy(policies, ({ target }) => target)
  const known = new WeakMap<Source, EffectivePolicy>()
  return (source) => {
    const effective = known.get(source) ?? effectivePolicyOf(policiesFor(byTarget, source))
    known.set(source, effective)
    return effective
  }
}

/** How `kopia policy export` and the other commands name the global policy. */
export const globalTarget = '(global)'

/** The policies that apply to a source, as Kopia's commands name them, the nearest first. */
export function policyTargetsOf(source: Source): readonly string[] {
  return targetsOf(source).map((target) => (target === '' ? globalTarget : target))
}

/** Nearest first: the source's own, those of the folders above it, of user and host, of the host, the global one. */
function policiesFor(byTarget: ReadonlyMap<string, readonly Policy[]>, source: Source): readonly Policy[] {
  return targetsOf(source).flatMap((target) => byTarget.get(target) ?? [])
}

function targetsOf({ user, host, path }: Source): readonly string[] {
  const targets = [formatTarget(user, host, path)]
  for (let folder = parentOf(path); folder !== undefined; folder = parentOf(folder)) {
    targets.push(formatTarget(user, host, folder))
  }
  return [...targets, formatTarget(user, host, ''), formatTarget('', host, ''), '']
}

/**
 * The folder above, as Kopia finds it on every system, since one repository holds the paths of all (getParentPathOSIndependent
 * in snapshot/policy/policy_manager.go): slashes and backslashes alike, and `C:\` is the last above `C:\Users`.
 */
function parentOf(path: string): string | undefined {
  const volume = /^.:(?=[/\\])/s.exec(path)?.[0] ?? ''
  const folders = path.slice(volume.length)
  const trimmed = folders.length > 1 ? folders.replace(/[/\\]$/, '') : folders
  const end = Math.max(trimmed.lastIndexOf('/'), trimmed.lastIndexOf('\\'))
  const parent = volume + (end === 0 ? trimmed.slice(0, 1) : trimmed.slice(0, end))
  return end < 0 || parent === path ? undefined : parent
}

function formatTarget(user: string, host: string, path: string): string {
  if (host === '') return ''
  return path === '' ? `${user}@${host}` : formatSource({ user, host, path })
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** Kopia writes `{"hour":3,"min":30}`. */
function minutesOf(time: unknown): number {
  const { hour, min } = asRecord(time, 'timeOfDay')
  return (asNumber(hour) * 60 + asNumber(min)) % (daySeconds / 60)
}
