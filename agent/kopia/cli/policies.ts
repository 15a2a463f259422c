// `kopia policy list --json`: which sources have a policy, and how often it schedules a snapshot.

import { cronGapSeconds } from '../../util/cron-interval.ts'
import { asNumber, asRecord } from '../../util/json.ts'
import { formatSource, type Source } from '../source.ts'

/** The schedule of a policy; what it does not set comes from the policy it inherits from. */
export type Policy = {
  /** `user@host:path`, `user@host`, `@host`, or empty for the global one. */
  readonly target: string
  readonly intervalSeconds: number
  /** Minutes after midnight. */
  readonly minutesOfDay: readonly number[]
  readonly cron: readonly string[]
  readonly isManual: boolean
  /** Whether Kopia leaves out a snapshot without changes; undefined if the policy inherits this. */
  readonly ignoresIdentical?: boolean
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
      ...(typeof retention.ignoreIdenticalSnapshots === 'boolean' && {
        ignoresIdentical: retention.ignoreIdenticalSnapshots,
      }),
    }
  })
}

/** Whether the source has a policy of its own. */
export function hasOwnPolicy(policies: readonly Policy[], source: Source): boolean {
  return policies.some((policy) => policy.target === formatSource(source))
}

/** What the policies of a source and above it say together. */
type EffectivePolicy = {
  /**
   * The longest time that the schedule leaves between two snapshots; undefined without a schedule. The nearest policy with
   * a schedule decides, in this order: the source's own, those of the folders above it, of user and host, of the host, the
   * global one (kopia.io/docs, "Policies").
   */
  readonly intervalSeconds: number | undefined
  /** Whether Kopia saves no snapshot if nothing has changed. */
  readonly ignoresIdentical: boolean
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

/** Nearest first. */
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

/** Kopia runs at whichever comes first, the interval or the timetable of times of day and cron together. */
function intervalsOf({ intervalSeconds, minutesOfDay, cron }: Policy): readonly number[] {
  const timetable = [...minutesOfDay.map(dailyAt), ...cron.map(asCron)]
  const gap = cronGapSeconds(timetable)
  return [...(intervalSeconds > 0 ? [intervalSeconds] : []), ...(gap === undefined ? [] : [gap])]
}

function dailyAt(minute: number): string {
  return `${minute % 60} ${Math.trunc(minute / 60)} * * *`
}

/**
 * In Kopia's cron expressions a comment is allowed, and a sixth field is the year (github.com/hashicorp/cronexpr). Croner
 * takes a sixth field for the seconds, which come first.
 */
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
