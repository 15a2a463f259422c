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

export function concernsOf(
  { commands, repository, sources }: Pick<Ledger, 'commands' | 'repository' | 'sources'>,
  statuses: readonly SourceStatus[],
  now: number,
): readonly Concern[] {
  const concerns: Concern[] = []
  const isScheduled = statuses.some(({ proof }) => proof?.deadline !== undefined)
  const lastSuccessAt = commands.get('snapshot verify')?.lastSuccessAt
  if (!isScheduled && lastSuccessAt !== undefined && now - lastSuccessAt > concernLimits.verifyDays * day)
    concerns.push({ kind: 'verify', lastSuccessAt })
  const dueAt = repository.maintenance?.full.nextAt
  const wasTimeFor = (due: number, end: number) => end > due && end < now - maintenanceWaitSeconds
  if (
    dueAt !== undefined &&
    now - dueAt > concernLimits.maintenanceDays * day + maintenanceWaitSeconds &&
    [...sources.values()].some((state) => historyOf(state).ends.some((end) => wasTimeFor(dueAt, end)))
  )
    concerns.push({ kind: 'maintenance', dueAt })
  const { capacityBytes = 0, availableBytes = Infinity } = repository.status ?? {}
  if (capacityBytes > 0 && availableBytes / capacityBytes < concernLimits.storageShare)
    concerns.push({ kind: 'storage', share: availableBytes / capacityBytes })
  return concerns
}

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
