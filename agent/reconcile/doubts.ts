// Notes which attempts wait too long for a proof: until the repository shows their snapshots, they are no success.

import { attemptsOf } from '../kopia/runs/attempts.ts'
import { formatSource, type Source } from '../kopia/source.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Log } from '../util/log.ts'
import type { PendingItem } from './pending.ts'
import type { RepositoryQueries } from './repository-queries.ts'

export type Doubts = {
  /** Looks at what is pending. Returns whether a source has become doubtful. */
  readonly note: (pending: readonly PendingItem[]) => boolean
}

type DoubtsOptions = {
  readonly ledger: Pick<Ledger, 'sources' | 'note' | 'repository'>
  readonly repositoryQueries: Pick<RepositoryQueries, 'isReachable' | 'waitingSince'>
  readonly isWantedHere: (source: Source) => boolean
  readonly nowSeconds: () => number
  readonly log: Log
}

/** How long an attempt may wait while Kopia can't be asked. */
const longestWaitSeconds = 600

/** Binds the doubts to the ledger. */
export function createDoubts(options: DoubtsOptions): Doubts {
  const { ledger, repositoryQueries, isWantedHere, nowSeconds, log } = options

  function noteItem(item: PendingItem): boolean {
    const since = item.kind === 'run' ? item.run.endedAt : (item.attempt.finishedAt ?? nowSeconds())
    if (nowSeconds() - since < longestWaitSeconds) return false
    // Attempts that only hooks report wait, too.
    const attempts = item.kind === 'run' ? attemptsOf(item.run, ledger.repository.status) : [item.attempt]
    return attempts.map(({ source }) => noteSource(source, since)).includes(true)
  }

  function noteSource(source: Source, since: number): boolean {
    const state = ledger.sources.get(formatSource(source))
    if (state === undefined || state.unproven !== undefined || !isWantedHere(source)) return false
    if ((state.lastAttempt?.endedAt ?? 0) > since) return false
    const reason = 'nothing proves the last backup: the repository has not shown it since it ended'
    ledger.note(source, { unproven: { since, reason } })
    log.warn(`${formatSource(source)}: ${reason}.`)
    return true
  }

  /** Kopia does not answer, is connected to another repository, or hangs. */
  function isInVain(): boolean {
    const waitingSince = repositoryQueries.waitingSince()
    const hangs = waitingSince !== undefined && nowSeconds() - waitingSince >= longestWaitSeconds
    return hangs || repositoryQueries.isReachable() === false || ledger.repository.changedTo !== undefined
  }

  return { note: (pending) => isInVain() && pending.map(noteItem).includes(true) }
}
