// `kopia policy list --json`: which sources have a policy, and how often they should be backed up.

import { cronGapSeconds } from '../../util/cron-interval.ts'
import { asNumber, asRecord } from '../../util/json.ts'
import { formatSource, type Source } from '../source.ts'

/** When a policy wants a snapshot; what it leaves open comes from the policy above it. */
export type Policy = {
  /** `user@host:path`, `user@host`, `@host`, or empty for the global one. */
  readonly target: string
  readonly intervalSeconds: number
  /** Minutes after midnight. */
  readonly minutesOfDay: readonly number[]
  readonly cron: readonly string[]
  readonly isManual: boolean
  /** Whether a snapshot in which nothing has changed is saved; undefined where the policy above decides. */
  readonly ignoresIdentical?: boolean
}

const daySeconds = 86_400

/** Turns Kopia's answer into policies; throws an Error that names the first thing that is not as expected. */
export function parsePolicies(answer: unknown): readonly Policy[] {
  if (!Array.isArray(answer)) throw new Error('expected a list of policies')
  return answer.map((entry: unknown, index) => {
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
      ...(typeof retention.ignoreIdenticalSnapshots === 'boolean' && {
        ignoresIdentical: retention.ignoreIdenticalSnapshots,
      }),
    }
  })
}

/** True where the source has a policy of its own. */
export function hasOwnPolicy(policies: readonly Policy[], source: Source): boolean {
  return policies.some((policy) => policy.target === formatSource(source))
}

/** What the policies want of one source. */
export type EffectivePolicy = {
  /**
   * The longest time that may pass between two snapshots. Undefined where they ask for none. The nearest policy that says
   * anything about times decides: the source's own, one of a folder above it, of user and host, of the host, the global
   * one (kopia.io/docs, "Policies").
   */
  readonly intervalSeconds: number | undefined
  /** Whether Kopia saves no snapshot of it when nothing has changed. */
  readonly ignoresIdentical: boolean
}

/** Remembered, since each picture asks the same policies for up to 10,000 sources. */
const knownPolicies = new WeakMap<readonly Policy[], (source: Source) => EffectivePolicy>()

/** What the policies, as `parsePolicies` gives them, want of the source. */
export function effectivePolicyFor(policies: readonly Policy[], source: Source): EffectivePolicy {
  const ask = knownPolicies.get(policies) ?? createPolicyLookup(policies)
  knownPolicies.set(policies, ask)
  return ask(source)
}

function createPolicyLookup(policies: readonly Policy[]): (source: Source) => EffectivePolicy {
  const byTarget = new Map(policies.map((policy) => [policy.target, policy]))
  const known = new WeakMap<Source, EffectivePolicy>()
  return (source) => {
    const effective = known.get(source) ?? effectivePolicyOf(policiesFor(byTarget, source))
    known.set(source, effective)
    return effective
  }
}

function effectivePolicyOf(nearestFirst: readonly Policy[]): EffectivePolicy {
  const deciding = nearestFirst.find(({ ignoresIdentical }) => ignoresIdentical !== undefined)
  return {
    intervalSeconds: intervalBy(nearestFirst),
    ignoresIdentical: deciding?.ignoresIdentical ?? false,
  }
}

function intervalBy(nearestFirst: readonly Policy[]): number | undefined {
  for (const policy of nearestFirst) {
    if (policy.isManual) return undefined
    const intervals = intervalsOf(policy)
    if (intervals.length > 0) return Math.min(...intervals)
  }
  return undefined
}

/** The nearest first. */
function policiesFor(byTarget: ReadonlyMap<string, Policy>, source: Source): readonly Policy[] {
  return targetsOf(source)
    .map((target) => byTarget.get(target))
    .filter((policy) => policy !== undefined)
}

function targetsOf({ user, host, path }: Source): readonly string[] {
  const targets = [formatTarget(user, host, path)]
  for (let folder = parentOf(path); folder !== undefined; folder = parentOf(folder)) {
    targets.push(formatTarget(user, host, folder))
  }
  return [...targets, formatTarget(user, host, ''), formatTarget('', host, ''), '']
}

function parentOf(path: string): string | undefined {
  const end = path.lastIndexOf('/')
  if (end < 0 || path === '/') return undefined
  return path.slice(0, end) || '/'
}

function formatTarget(user: string, host: string, path: string): string {
  if (host === '') return ''
  return path === '' ? `${user}@${host}` : formatSource({ user, host, path })
}

/** Kopia takes what comes first; times of day and cron are one timetable. */
function intervalsOf({ intervalSeconds, minutesOfDay, cron }: Policy): readonly number[] {
  const timetable = [...minutesOfDay.map(dailyAt), ...cron.map(asCron)]
  const gap = cronGapSeconds(timetable)
  return [...(intervalSeconds > 0 ? [intervalSeconds] : []), ...(gap === undefined ? [] : [gap])]
}

function dailyAt(minute: number): string {
  return `${minute % 60} ${Math.trunc(minute / 60)} * * *`
}

/** Kopia allows a comment, and a sixth field is the year (github.com/hashicorp/cronexpr); elsewhere it is the seconds. */
function asCron(expression: string): string {
  const fields = expression.replace(/#.*/, '').trim().split(/\s+/)
  return fields.length === 6 ? `0 ${fields.join(' ')}` : fields.join(' ')
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** Kopia writes `{"hour":3,"min":30}`. */
function minutesOf(time: unknown): number {
  const { hour, min } = asRecord(time, 'timeOfDay')
  return (asNumber(hour) * 60 + asNumber(min)) % (daySeconds / 60)
}
