// Proves that one snapshot can be read back, or finds what can't be.

import type { ReadFailure, ReadResult, VerifyReport } from '../kopia/cli/repository-reader.ts'
import type { Verification } from '../ledger/proof.ts'
import { messageOf } from '../util/error-text.ts'
import { hasCode } from '../util/files.ts'
import { percentWithin } from './budget.ts'
import { createFindings, type Findings } from './findings.ts'
import { confirmFaults, lookAgain } from './look-again.ts'
import { restoreSome } from './restore-some.ts'
import type { SourceVerification } from './source-verification.ts'

/** `ended`: by the signal of the reader. */
export type SourceResult = Verification['result'] | { readonly outcome: 'ended' }

type Step = (options: SourceVerification, findings: Findings) => Promise<ReadFailure | undefined>

const steps: readonly Step[] = [readSnapshot, restoreSome, confirmFaults, lookAgain]

/** Reads the snapshot step by step. Never rejects: what this machine refuses is a result, too. */
export async function verifySource(options: SourceVerification): Promise<SourceResult> {
  const findings = createFindings(options.root)
  for (const step of steps) {
    const failure = await take(step, options, findings)
    if (failure !== undefined) return await resultOf(failure, step, options, findings)
  }
  return findings.verdict()
}

async function take(
  step: Step,
  options: SourceVerification,
  findings: Findings,
): Promise<ReadFailure | undefined> {
  try {
    return await step(options, findings)
  } catch (error) {
    const reason = messageOf(error)
    return hasCode(error, 'ENOSPC')
      ? { kind: 'disk full', reason: 'the disk of the state directory is full' }
      : { kind: 'unreachable', reason }
  }
}

/** Checks that everything of the snapshot is there, and reads some percent of its files. */
async function readSnapshot(
  options: SourceVerification,
  findings: Findings,
): Promise<ReadFailure | undefined> {
  const { reader, root, parallel, mostBytes, restoreFiles, onProgress } = options
  const verify = (percent: number): Promise<ReadResult<VerifyReport>> =>
    reader.verifySnapshot(root, { percent, parallel, mostBytes, onProgress })
  let answer = await verify(percentWithin(root, options.percent, restoreFiles, mostBytes))
  // Kopia has chosen a file that is larger than the whole budget: what is there can be checked all the same.
  if (!answer.ok && answer.failure.kind === 'over budget') answer = await verify(0)
  if (!answer.ok) return answer.failure
  findings.addReport(answer.value)
  return undefined
}

/**
 * Faults that were found before a failure count: a full disk must not hide a damaged repository. What was known before stays
 * known where it could not be looked at again.
 */
async function resultOf(
  { kind, reason }: ReadFailure,
  failedStep: Step,
  options: SourceVerification,
  findings: Findings,
): Promise<SourceResult> {
  if (kind === 'ended') return { outcome: 'ended' }
  if (kind !== 'timeout') {
    const isConfirmed =
      failedStep === lookAgain || (failedStep === restoreSome && (await confirms(options, findings)))
    if (findings.faults().length === 0 || !isConfirmed) return { outcome: 'unproven', reason }
  }
  for (const fault of options.knownFaults) if (fault.kind !== 'timeout') findings.addFault(fault)
  if (kind === 'timeout') findings.addFault({ kind, rootId: options.root.root.objectId, path: '', reason })
  return findings.verdict()
}

async function confirms(options: SourceVerification, findings: Findings): Promise<boolean> {
  return (await take(confirmFaults, options, findings)) === undefined
}
