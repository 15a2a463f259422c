// Decides what the status says about whether the backups of a source can be read back. Pure.

import { isUnreadable, type Verdict } from '../ledger/proof.ts'
import type { SourceState } from '../ledger/source-state.ts'
import type { LimitContext } from '../limits/context.ts'
import { verifyDeadlineOf } from '../limits/verify-deadline.ts'

/** `timeout`: the time limit was reached, and what was read until then is well. */
export type ProofResult = 'proven' | 'unreadable' | 'timeout'

/** What is known of verifications. Times in Unix seconds. */
export type ProofStatus = {
  /** When it was last proven that the newest snapshot can be read back. */
  readonly provedAt?: number
  /** The end of the last attempt, whatever it found. */
  readonly lastAttemptAt?: number
  /** Of the last attempt that found something out. */
  readonly last?: { readonly result: ProofResult; readonly verdict: Verdict }
  /** Why the last attempt found out nothing. */
  readonly unprovenReason?: string
  /** When the proof becomes overdue; undefined where no verification is scheduled. */
  readonly deadline?: number
  readonly overdueSince?: number
}

/** Undefined for a source that was never verified, and for which no verification is scheduled. */
export function proofStatusOf(state: SourceState, context: LimitContext): ProofStatus | undefined {
  const { proof } = state
  const deadline = verifyDeadlineOf(state, context)
  if (proof === undefined && deadline === undefined) return undefined
  const { lastSuccessAt, lastAttempt, verdict, unprovenReason } = proof ?? {}
  const isOverdue = deadline !== undefined && deadline < context.nowSeconds
  return {
    ...(lastSuccessAt !== undefined && { provedAt: lastSuccessAt }),
    ...(lastAttempt && { lastAttemptAt: lastAttempt.endedAt }),
    ...(verdict && { last: { result: resultOf(state, verdict), verdict } }),
    ...(unprovenReason !== undefined && { unprovenReason }),
    ...(deadline !== undefined && { deadline }),
    ...(isOverdue && { overdueSince: deadline }),
  }
}

function resultOf({ proof }: SourceState, { outcome }: Verdict): ProofResult {
  if (outcome === 'proven') return 'proven'
  return isUnreadable(proof) ? 'unreadable' : 'timeout'
}
