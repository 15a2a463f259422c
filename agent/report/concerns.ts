// What alerts beside those on sources tell from the same ledger: no backup is bad, but not all is well. Pure.

import type { Ledger } from '../ledger/ledger.ts'
import { historyOf } from '../ledger/success-history.ts'
import type { SourceStatus } from '../status/status.ts'
import { agoWords, spanWords } from '../status/words.ts'

/** Times in Unix seconds. */
export type Concern =
  /** Where people run it themselves, as in the alert KopiaVerifyOverdue. */
  | { readonly kind: 'verify'; readonly lastSuccessAt: number }
  /** As in the alert KopiaMaintenanceOverdue. */
  | { readonly kind: 'maintenance'; readonly dueAt: number }
  /** The part that is left, as in the alert KopiaRepositoryFillingUp. What a week shows, only Prometheus knows. */
  | { readonly kind: 'storage'; readonly share: number }

/** A test compares them with the alerts. */
export const concernLimits = { verifyDays: 35, maintenanceDays: 3, storageShare: 0.03 } as const

const day = 86_400
/** Kopia runs due maintenance with a backup, and the agent asks for it four times a day. */
const maintenanceWaitSeconds = day / 2

/** Everything of that kind at the time `now`. */
export function concernsOf(
  ledger: Pick<Ledger, 'commands' | 'repository' | 'sources'>,
  statuses: readonly SourceStatus[],
  now: number,
): readonly Concern[] {
  const all = [verifyConcern(ledger, statuses, now), maintenanceConcern(ledger, now), storageConcern(ledger)]
  return all.filter((concern) => concern !== undefined)
}

function verifyConcern(
  { commands }: Pick<Ledger, 'commands'>,
  statuses: readonly SourceStatus[],
  now: number,
): Concern | undefined {
  const isScheduled = statuses.some(({ proof }) => proof?.deadline !== undefined)
  const lastSuccessAt = commands.get('snapshot verify')?.lastSuccessAt
  if (isScheduled || lastSuccessAt === undefined) return undefined
  return now - lastSuccessAt > concernLimits.verifyDays * day ? { kind: 'verify', lastSuccessAt } : undefined
}

/** Overdue only where a backup has ended since it was due, which would have run it. */
function maintenanceConcern(
  { repository, sources }: Pick<Ledger, 'repository' | 'sources'>,
  now: number,
): Concern | undefined {
  const dueAt = repository.maintenance?.full.nextAt
  if (dueAt === undefined) return undefined
  const isLate = now - dueAt > concernLimits.maintenanceDays * day + maintenanceWaitSeconds
  const wasTimeFor = (end: number) => end > dueAt && end < now - maintenanceWaitSeconds
  return isLate && [...sources.values()].some((state) => historyOf(state).ends.some(wasTimeFor))
    ? { kind: 'maintenance', dueAt }
    : undefined
}

function storageConcern({ repository: { status } }: Pick<Ledger, 'repository'>): Concern | undefined {
  const { capacityBytes = 0, availableBytes = Infinity } = status ?? {}
  const share = availableBytes / capacityBytes
  return capacityBytes > 0 && share < concernLimits.storageShare ? { kind: 'storage', share } : undefined
}

/** What is wrong, as it stands in the first line. */
export function concernWords(concern: Concern, now: number): string {
  switch (concern.kind) {
    case 'verify':
      return `"kopia snapshot verify" last succeeded ${agoWords(concern.lastSuccessAt, now)}`
    case 'maintenance':
      return `full maintenance is overdue for ${spanWords(now - concern.dueAt)}`
    case 'storage':
      return `the repository's storage is nearly full: ${(concern.share * 100).toFixed(1)} % left`
  }
}
