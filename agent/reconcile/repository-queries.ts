// Asks Kopia what no log tells, enters what it answers, and says once when it stops or begins to answer.

import type { Kopia } from '../kopia/cli/client.ts'
import type { KopiaResult } from '../kopia/cli/exec.ts'
import { effectivePolicyFor } from '../kopia/cli/policies.ts'
import { bySource } from '../kopia/cli/snapshots.ts'
import type { RepositoryAnswer } from '../kopia/runs/outcome.ts'
import type { Source } from '../kopia/source.ts'
import type { Ledger, Question } from '../ledger/ledger.ts'
import type { Log } from '../util/log.ts'

export type SnapshotsAnswer =
  | Extract<RepositoryAnswer, { kind: 'unavailable' }>
  | (Extract<RepositoryAnswer, { kind: 'snapshots' }> & { readonly question: Question })

export type RepositoryQueries = {
  /** All snapshots, or one source's. */
  readonly snapshots: (source: Source | undefined) => Promise<SnapshotsAnswer>
  /** Who Kopia is here, what it is connected to, and which policies there are. */
  readonly refreshIdentity: () => Promise<void>
  readonly refreshPolicies: () => Promise<void>
  /** How large the repository is, and when it was kept in order. */
  readonly refreshFigures: () => Promise<void>
  /** Whether the last question was answered; undefined before the first. */
  readonly isReachable: () => boolean | undefined
}

/** Binds the ledger to Kopia's CLI. */
export function createRepositoryQueries(
  ledger: Ledger,
  kopia: Kopia,
  nowSeconds: () => number,
  log: Log,
): RepositoryQueries {
  let reachable: boolean | undefined
  let lastReason: string | undefined
  let questions = 0

  async function ask<T>(question: () => Promise<KopiaResult<T>>, enter: (value: T) => void): Promise<void> {
    const answer = await question()
    noteReachable(answer)
    if (answer.ok) enter(answer.value)
  }

  /** Said once per change, not at each try. */
  function noteReachable(answer: KopiaResult<unknown>): void {
    reachable = answer.ok
    if (answer.ok) {
      if (lastReason !== undefined) log.info('Kopia answers again.')
      lastReason = undefined
    } else if (answer.reason !== lastReason) {
      lastReason = answer.reason
      log.warn(
        `Kopia can't be asked, logs and hooks are followed all the same: ${answer.command}: ${answer.reason}`,
      )
    }
  }

  function ignoresIdentical(source: Source): boolean {
    return effectivePolicyFor(ledger.repository.policies ?? [], source).ignoresIdentical
  }

  const refreshPolicies = () => ask(kopia.policies, (policies) => ledger.updateRepository({ policies }))

  return {
    snapshots: async (source) => {
      questions += 1
      const question = { number: questions, askedAt: nowSeconds() }
      const answer = await kopia.snapshots(source)
      noteReachable(answer)
      if (!answer.ok) return { kind: 'unavailable' }
      return { kind: 'snapshots', bySource: bySource(answer.value), ignoresIdentical, question }
    },
    refreshIdentity: async () => {
      await ask(kopia.repositoryStatus, (status) => ledger.updateRepository({ status }))
      if (reachable) await refreshPolicies()
    },
    refreshPolicies,
    refreshFigures: async () => {
      await ask(kopia.repositoryStatus, (status) => ledger.updateRepository({ status }))
      if (!reachable) return
      await ask(kopia.maintenance, (maintenance) => ledger.updateRepository({ maintenance }))
      await ask(kopia.blobStats, (blobs) => ledger.updateRepository({ blobs }))
      await ask(kopia.contentsBytes, (contentsBytes) => ledger.updateRepository({ contentsBytes }))
    },
    isReachable: () => reachable,
  }
}
