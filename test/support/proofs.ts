// Creates ledgers for tests of what is shown of verifications.

import { createLedger, type Ledger } from '../../agent/ledger/ledger.ts'
import { type Fault, noVerifyErrors, type Proof, type Verdict } from '../../agent/ledger/proof.ts'
import type { LimitSettings } from '../../agent/limits/context.ts'
import { day, hour, ledgerOf, now } from './ledgers.ts'
import { defaultLimitSettings } from './limits.ts'

/** The settings of a machine that verifies each night. */
export const nightlySettings: LimitSettings = { ...defaultLimitSettings, verifySchedule: '30 4 * * *' }

/** What a verification found in the snapshot `s1` of 2026-11-24 03:30. */
export function verdictOf(change: Partial<Verdict> = {}): Verdict {
  return {
    outcome: (change.faults ?? []).length === 0 ? 'proven' : 'faulty',
    snapshotId: 's1',
    snapshotStartedAt: now - 8.5 * hour,
    objects: 1200,
    readBytes: 5e6,
    restoredFiles: 3,
    errors: noVerifyErrors,
    faults: [],
    ...change,
  }
}

export function faultOf(kind: Fault['kind'], reason: string, snapshotId = 's1'): Fault {
  return { kind, snapshotId, rootId: 'k1', path: 'a/b', reason }
}

/** The last attempt ended at 04:30 of the same day, and proved what it read unless `change` says otherwise. */
export function proofOf(change: Partial<Proof> = {}): Proof {
  const endedAt = now - 7.5 * hour
  return { lastAttempt: { startedAt: endedAt - 60, endedAt }, verdict: verdictOf(), ...change }
}

export const provedTonight: Proof = proofOf({ lastSuccessAt: now - 7.5 * hour })

export const checksumFault: Verdict = verdictOf({
  errors: { ...noVerifyErrors, checksum: 3 },
  faults: [faultOf('checksum', 'invalid checksum at p12 offset 0')],
})

/** Sources with a fresh backup and these proofs, by path; the schedule is set for `scheduledDays`. */
export function ledgerWithProofs(
  proofs: Readonly<Record<string, Proof | undefined>>,
  scheduledDays = 30,
): Ledger {
  const histories = Object.keys(proofs).map((path) => ({
    source: { user: 'root', host: 'vm', path },
    lastSuccessAgo: hour,
    snapshots: 3,
  }))
  const data = ledgerOf(histories).toData(new Map())
  const sources = Object.entries(data.sources).map(([name, state]) => {
    const proof = proofs[state.source.path]
    return [name, { ...state, firstSeenAt: now - 60 * day, ...(proof && { proof }) }] as const
  })
  return createLedger({
    ...data,
    sources: Object.fromEntries(sources),
    verifyScheduledSince: now - scheduledDays * day,
  })
}
