// The verifications that the agent of one machine makes on its schedule, entered into its ledger as the agent does.

import { formatSource } from '../../../agent/kopia/source.ts'
import type { Ledger } from '../../../agent/ledger/ledger.ts'
import { noVerifyErrors, type Verdict } from '../../../agent/ledger/proof.ts'
import { day, daysOfYear, hour, localHoursAt, minute, yearBegins } from './calendar.ts'
import type { EventQueue } from './event-queue.ts'
import type { Effect, Incident } from './incidents.ts'
import { type SourcePlan, sourceOf } from './plan.ts'
import type { Observation } from './source-runs.ts'
import { isIn } from './tracks.ts'

/** Of the one machine whose backups are verified: Sundays, when no backup of it runs. */
export const verifySchedule = '30 4 * * 0'
const secondsOfSource = 5 * minute

/** Adds the verifications to the queue, and returns the incidents that took effect on them. */
export function addVerifications(
  sources: readonly SourcePlan[],
  ledger: Ledger,
  incidents: readonly Incident[],
  isAwake: (time: number) => boolean,
  queue: EventQueue,
): ReadonlyMap<Incident, Observation> {
  const observed = new Map<Incident, Observation>()
  ledger.setVerifyScheduledSince(yearBegins)
  for (let time = yearBegins; time < yearBegins + daysOfYear * day; time += hour) {
    if (!isAwake(time)) continue
    if (!localHoursAt(time).some((local) => local.hour === 4 && local.weekday === 6)) continue
    for (const [index, plan] of sources.entries()) {
      const startedAt = time + 30 * minute + index * secondsOfSource
      const endedAt = startedAt + secondsOfSource
      queue.add(endedAt, () => verify(plan, ledger, { startedAt, endedAt }, incidents, observed))
    }
  }
  return observed
}

function verify(
  plan: SourcePlan,
  ledger: Ledger,
  times: Observation,
  incidents: readonly Incident[],
  observed: Map<Incident, Observation>,
): void {
  const source = sourceOf(plan)
  const { lastSuccessAt } = ledger.sources.get(formatSource(source)) ?? {}
  if (lastSuccessAt === undefined) return
  const own = incidents.filter(({ path }) => path === plan.path)
  const find = (effect: Effect) =>
    own.find((incident) => incident.effect === effect && isIn(incident, times.startedAt))
  const missed = find('is not verified')
  if (missed !== undefined) {
    start(observed, missed, times.startedAt)
    return
  }
  const damage = find('pack is damaged')
  // The pack is damaged before anyone notices.
  if (damage !== undefined) start(observed, damage, damage.from)
  else end(observed, own, times.endedAt)
  const result = verdictOf(plan, lastSuccessAt, damage !== undefined)
  ledger.addVerification(source, { ...times, result }, times.endedAt)
}

function verdictOf(plan: SourcePlan, snapshotStartedAt: number, isDamaged: boolean): Verdict {
  const snapshotId = `${plan.path} ${snapshotStartedAt}`
  const read = { snapshotId, snapshotStartedAt, objects: 10_000, readBytes: 1e7, restoredFiles: 3 }
  if (!isDamaged) return { ...read, outcome: 'proven', errors: noVerifyErrors, faults: [] }
  const fault = { snapshotId, rootId: 'k1', path: 'ledger.db', reason: 'invalid checksum' }
  return {
    ...read,
    outcome: 'faulty',
    errors: { ...noVerifyErrors, checksum: 1 },
    faults: [{ ...fault, kind: 'checksum' }],
  }
}

function start(observed: Map<Incident, Observation>, incident: Incident, startedAt: number): void {
  if (!observed.has(incident)) observed.set(incident, { startedAt, endedAt: Number.POSITIVE_INFINITY })
}

/** A proof ends what kept the source from being proved. */
function end(observed: Map<Incident, Observation>, incidents: readonly Incident[], endedAt: number): void {
  for (const incident of incidents) {
    const open = observed.get(incident)
    if (open?.endedAt === Number.POSITIVE_INFINITY) observed.set(incident, { ...open, endedAt })
  }
}
