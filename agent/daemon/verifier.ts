// Verifies by schedule, beside everything else that the daemon does.

import type { Kopia } from '../kopia/cli/client.ts'
import { formatSource, type Source } from '../kopia/source.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Verdict, Verification } from '../ledger/proof.ts'
import type { Reconciler } from '../reconcile/reconciler.ts'
import type { RepositoryQueries } from '../reconcile/repository-queries.ts'
import { isInScope } from '../reconcile/source-filter.ts'
import type { Settings } from '../settings/settings.ts'
import { coalesce } from '../util/coalesce.ts'
import type { Log } from '../util/log.ts'
import { oneLine } from '../util/secrets.ts'
import type { FaultGuard } from './faults.ts'
import type { Publisher } from './publisher.ts'
import { schedule } from './schedule.ts'
import { every } from './timers.ts'
import type { VerificationIntake } from './verification-intake.ts'

export type Verifier = {
  /** Notes since when verifications are scheduled, and removes what a killed run has left. */
  readonly begin: () => Promise<void>
  /** Runs the schedule, if one is set, and takes the results of `verify`, until the signal is aborted. */
  readonly start: (signal: AbortSignal) => void
  /** Resolves once no run is under way. */
  readonly finish: () => Promise<void>
}

type VerifierOptions = {
  readonly settings: Settings
  readonly ledger: Ledger
  readonly kopia: Pick<Kopia, 'snapshots'>
  readonly reconciler: Pick<Reconciler, 'runningSince'>
  readonly repositoryQueries: Pick<RepositoryQueries, 'refreshIdentity'>
  readonly isWanted: (source: Source) => boolean
  readonly publisher: Pick<Publisher, 'requestPush' | 'save'>
  readonly verifications: Pick<VerificationIntake, 'take' | 'unsaved'>
  readonly faults: FaultGuard
  readonly nowSeconds: () => number
  /** In [0, 1). */
  readonly random: () => number
  readonly log: Log
}

const takeIntervalMs = 30_000

/** Binds the schedule. The code that verifies is loaded only where it is used. */
export function createVerifier(options: VerifierOptions): Verifier {
  const { settings, ledger, faults, nowSeconds, log } = options
  let signal = AbortSignal.abort()
  const verify = coalesce(() =>
    faults.run('Verifying', () => verifyOnce(options, signal)).then(() => undefined),
  )

  return {
    begin: async () => {
      const isScheduled = settings.verify.schedule !== undefined
      ledger.setVerifyScheduledSince(isScheduled ? (ledger.verifyScheduledSince ?? nowSeconds()) : undefined)
      await faults.run('Removing what a verification left', async () => {
        const { removeLeftovers } = await import('../verify/workspace.ts')
        await removeLeftovers(settings.stateDirectory)
      })
    },
    start: (until) => {
      const { schedule: expression } = settings.verify
      signal = until
      every(takeIntervalMs, signal, () => void takeResults(options))
      if (expression === undefined) return
      const { instance } = settings
      schedule({ name: 'verify_schedule', expression, instance, signal, log, task: verify })
    },
    finish: () => verify.idle(),
  }
}

/** A person who called `verify` sees the result on the dashboard soon, not only after the next heartbeat. */
async function takeResults({ verifications, publisher }: VerifierOptions): Promise<void> {
  await verifications.take()
  if (verifications.unsaved().length === 0) return
  publisher.requestPush()
  await publisher.save()
}

async function verifyOnce(options: VerifierOptions, signal: AbortSignal): Promise<void> {
  const { ledger, reconciler, repositoryQueries, publisher, nowSeconds, log } = options
  await repositoryQueries.refreshIdentity()
  if (ledger.repository.changedTo !== undefined) {
    log.warn('Nothing is verified: Kopia is connected to another repository than the ledger is about.')
    return
  }
  const { verifyAll } = await import('../verify/verify-all.ts')
  const result = await verifyAll({
    ...options,
    signal,
    states: ledger.sources,
    isHere: (source) => isInScope('local', ledger.repository.status, source, backedUpAs(ledger, source)),
    isBackupRunning: () => reconciler.runningSince().size > 0,
    listener: {
      onSources: (sources) => log.info(`Verifying ${sources.length} sources.`),
      onWait: () => log.info('The verification waits until no backup runs.'),
      onBegin: () => undefined,
      onProgress: () => undefined,
      onResult: async (source, verification) => {
        ledger.addVerification(source, verification, nowSeconds())
        report(log, source, verification)
        publisher.requestPush()
        await publisher.save()
      },
    },
  })
  if (result.kind === 'held')
    log.warn(`The process ${result.processId} verifies already: this run is left out.`)
}

function backedUpAs(ledger: Pick<Ledger, 'sources'>, source: Source): string | undefined {
  return ledger.sources.get(formatSource(source))?.backedUpAs
}

function report(log: Log, source: Source, { result }: Verification): void {
  const name = oneLine(formatSource(source))
  switch (result.outcome) {
    case 'proven':
      return void log.info(`${name}: the snapshot ${result.snapshotId} can be read back.`)
    case 'faulty':
      return void log.error(
        `${name}: the snapshot ${result.snapshotId} can't be read back: ${reasonOf(result)}`,
      )
    case 'unproven':
      return void log.warn(`${name}: nothing is proven: ${result.reason}`)
  }
}

function reasonOf({ faults }: Verdict): string {
  return faults[0]?.reason ?? 'no reason is known'
}
