// The ledger as it is now, for commands that run beside the agent: the saved one, and what has happened since.

import type { Run } from '../kopia/runs/run.ts'
import { isQuiet, nearEndSince } from '../kopia/runs/run-end.ts'
import { createRunTracker, type RunTracker } from '../kopia/runs/tracker.ts'
import { formatSource } from '../kopia/source.ts'
import { createLedger, emptyLedger, type Ledger, type LedgerData } from '../ledger/ledger.ts'
import { lookAtLedger } from '../ledger/store.ts'
import { readVerifications } from '../ledger/verification-files.ts'
import { runningAttempts } from '../reconcile/pending.ts'
import { isOursBefore } from '../reconcile/setup-notes.ts'
import type { Settings } from '../settings/settings.ts'

type LedgerReading =
  | { readonly kind: 'known'; readonly ledger: Ledger; readonly savedAt: number }
  /** `newer`: a newer version of this program wrote it. */
  | { readonly kind: 'missing' | 'unreadable' | 'newer'; readonly reason: string }

type LiveLedger = {
  /** Reads the ledger, and the results of `verify` that no agent has taken yet. Changes nothing. */
  readonly read: () => Promise<LedgerReading>
  /** The starts of the attempts under way, by `user@host:path`, from Kopia's logs. An earlier `read` says how far those are known. */
  readonly runningSince: () => Promise<ReadonlyMap<string, number>>
}

type LiveLedgerSettings = Pick<Settings, 'stateDirectory' | 'cliLogs' | 'resolvedKopiaConfigPath'>

/** Binds the state directory and Kopia's logs. */
export function createLiveLedger(settings: LiveLedgerSettings): LiveLedger {
  let data: LedgerData = emptyLedger
  let tracker: RunTracker | undefined

  async function read(): Promise<LedgerReading> {
    const { stateDirectory } = settings
    const stored = await lookAtLedger(stateDirectory)
    if (stored.kind === 'missing') {
      return {
        kind: 'missing',
        reason: `There is no ledger in ${stateDirectory}: no agent has run there yet.`,
      }
    }
    if (stored.kind === 'unreadable') {
      const reason = `The ledger in ${stateDirectory} can't be read: ${stored.reason}`
      return { kind: stored.cause === 'newer version' ? 'newer' : 'unreadable', reason }
    }
    data = stored.data
    const ledger = createLedger(data)
    const { files } = await readVerifications(stateDirectory)
    for (const { source, verification } of files) ledger.addVerification(source, verification, now())
    return { kind: 'known', ledger, savedAt: stored.savedAt }
  }

  async function runningSince(): Promise<ReadonlyMap<string, number>> {
    tracker ??= createRunTracker({
      directory: settings.cliLogs,
      configurationPath: settings.resolvedKopiaConfigPath,
      runs: new Map(Object.entries(data.runs)),
      nowSeconds: now,
      // The ledger's state counts then; the agent's own log reports a log of Kopia that can't be read.
      onFault: () => undefined,
    })
    await tracker.sweep()
    await tracker.endFinishedRuns()
    const ledger = createLedger(data)
    const isOurs = isOursBefore({ ledger, tracker })
    const goingOn = new Map([...tracker.runs].filter(([, run]) => !hasProbablyEnded(run)))
    const underWay = runningAttempts(goingOn, ledger.repository.status, isOurs)
    return new Map(underWay.map(({ source, startedAt }) => [formatSource(source), startedAt]))
  }

  return { read, runningSince }
}

/**
 * Its result is logged, and no process of it was ever seen. A client of a repository server logs no end after that; the agent asks
 * the repository about it, a command beside the agent must not wait for it.
 */
function hasProbablyEnded(run: Run): boolean {
  return isQuiet(run, now()) && nearEndSince(run) !== undefined
}

const now = () => Date.now() / 1000
