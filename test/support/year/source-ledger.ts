// Enters the runs of one source into the agent's ledger, as the agent does with what logs and repository tell.

import type { Ledger } from '../../../agent/ledger/ledger.ts'
import { type SourcePlan, sourceOf } from './plan.ts'
import { createSourceSnapshots, errorsOf } from './repository.ts'
import type { Run } from './source-runs.ts'

export type SourceLedger = {
  readonly begin: (run: Run) => void
  readonly end: (run: Run) => void
  /** The source and its snapshots are deleted. */
  readonly remove: () => void
  /** The start of the run under way, in Unix seconds. */
  readonly runningSince: () => number | undefined
}

/** `ledger` is the machine's; it does not know the source before its first run. */
export function createSourceLedger(plan: SourcePlan, ledger: Ledger, random: () => number): SourceLedger {
  const source = sourceOf(plan)
  const snapshots = createSourceSnapshots(plan, random)
  let runningSince: number | undefined
  let questions = 0

  function end(run: Run): void {
    const { startedAt, endedAt, isGood, effect } = run
    runningSince = undefined
    const { fatalErrors: fatal, ignoredErrors: ignored } = errorsOf(effect)
    const snapshot = snapshots.add(run)
    const finished = {
      source,
      outcome: isGood ? ('success' as const) : ('failed' as const),
      startedAt,
      endedAt,
      durationSeconds: endedAt - startedAt,
      errors: { fatal, ignored },
      ...(snapshot && { snapshotId: snapshot.id }),
    }
    ledger.addFinished(finished, endedAt)
    questions += 1
    const question = { number: questions, askedAt: endedAt, answeredAt: endedAt }
    ledger.addSnapshots(source, snapshots.list(), question)
  }

  return {
    begin: ({ startedAt }) => {
      ledger.addSource(source, startedAt)
      runningSince = startedAt
    },
    end,
    remove: () => ledger.removeSource(source),
    runningSince: () => runningSince,
  }
}
