// Enters outcomes and snapshots into the ledger, and removes sources that have gone.

import { hasOwnPolicy } from '../kopia/cli/policies.ts'
import type { FinishedAttempt } from '../kopia/runs/finished-attempt.ts'
import { formatSource, type Source } from '../kopia/source.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { SourceState } from '../ledger/source-state.ts'
import type { Log } from '../util/log.ts'
import type { SnapshotsAnswer } from './repository-queries.ts'
import type { UnexplainedSnapshots } from './unexplained-snapshots.ts'

export type LedgerEntriesOptions = {
  readonly ledger: Ledger
  /** Which sources are reported, by user, host and path. */
  readonly isWanted: (source: Source) => boolean
  /** Which sources that this machine backs up are reported, whatever user and host they are named after. */
  readonly isWantedHere: (source: Source) => boolean
  readonly unexplained: UnexplainedSnapshots
  readonly nowSeconds: () => number
  readonly log: Log
}

export type LedgerEntries = {
  /** Enters the source of an attempt that this machine has begun. */
  readonly enterBeginning: (source: Source) => void
  readonly enterAttempt: (finished: FinishedAttempt) => void
  /** Takes back the source of an attempt that belongs to another repository, if nothing else is known of it. */
  readonly takeBack: (source: Source) => void
  /** Enters what the repository holds. The `busy` sources, by `user@host:path`, are left to their attempts. */
  readonly enterSnapshots: (answer: SnapshotsAnswer, busy: ReadonlySet<string>) => void
  /** Removes the sources that have had neither a snapshot nor a policy for a day, and are not running. */
  readonly removeGoneSources: (answer: SnapshotsAnswer, running: ReadonlySet<string>) => void
}

/**
 * How long a source stays that has neither a snapshot nor a policy: a day in which its alert is seen. One that never
 * succeeded, such as a path that is misspelt, may be due once a month.
 */
const keepSeconds = { gone: 24 * 3600, neverGood: 35 * 24 * 3600 } as const

/** Binds the entries to the ledger. */
export function createLedgerEntries(options: LedgerEntriesOptions): LedgerEntries {
  const { ledger, isWantedHere, nowSeconds } = options

  function noteBackedUp(source: Source): void {
    const { status } = ledger.repository
    if (status !== undefined) ledger.note(source, { backedUpAs: `${status.user}@${status.host}` })
  }

  return {
    enterBeginning: (source) => {
      if (!isWantedHere(source)) return
      ledger.addSource(source, nowSeconds())
      noteBackedUp(source)
    },
    enterAttempt: (finished) => {
      if (!isWantedHere(finished.source)) return
      enterAttempt(options, finished)
      noteBackedUp(finished.source)
    },
    takeBack: (source) => {
      const state = ledger.sources.get(formatSource(source))
      const isHeld = (state?.held?.counts.all ?? 0) > 0
      const isKnown = isHeld || state?.lastAttempt !== undefined
      if (!isKnown && !hasOwnPolicy(ledger.repository.policies ?? [], source)) ledger.removeSource(source)
    },
    enterSnapshots: (answer, busy) => enterSnapshots(options, answer, busy),
    removeGoneSources: (answer, running) => removeGoneSources(options, answer, running),
  }
}

function enterAttempt({ ledger, nowSeconds, log }: LedgerEntriesOptions, finished: FinishedAttempt): void {
  const { source, outcome, durationSeconds, reason } = finished
  ledger.addFinished(finished, nowSeconds())
  if (!ledger.isCounted(finished.endedAt)) return
  const text = `${formatSource(source)}: ${outcome} after ${durationSeconds.toFixed(3)} s`
  if (reason === undefined) log.info(`${text}.`)
  else log.warn(`${text}: ${reason}`)
}

function enterSnapshots(
  { ledger, isWanted, unexplained }: LedgerEntriesOptions,
  answer: SnapshotsAnswer,
  busy: ReadonlySet<string>,
): void {
  if (answer.kind !== 'snapshots') return
  for (const [name, snapshots] of answer.bySource) {
    const source = snapshots[0]?.source
    if (source === undefined || !isWanted(source) || busy.has(name)) continue
    unexplained.note(source, ledger.addSnapshots(source, snapshots, answer.question))
  }
  for (const [name, { source }] of ledger.sources) {
    if (answer.bySource.has(name) || busy.has(name) || !isAsked(answer, source)) continue
    ledger.addSnapshots(source, [], answer.question)
  }
}

function isAsked({ about }: Extract<SnapshotsAnswer, { kind: 'snapshots' }>, source: Source): boolean {
  return about === undefined || formatSource(about) === formatSource(source)
}

/** Where the configuration is connected to another repository, that one's silence about a source means nothing. */
function removeGoneSources(
  { ledger, isWanted, nowSeconds, log }: LedgerEntriesOptions,
  answer: SnapshotsAnswer,
  running: ReadonlySet<string>,
): void {
  const { policies, changedTo } = ledger.repository
  if (answer.kind !== 'snapshots' || policies === undefined || changedTo !== undefined) return
  for (const [name, state] of ledger.sources) {
    const { source } = state
    const isThere = answer.bySource.has(name) || hasOwnPolicy(policies, source) || running.has(name)
    const isStillShown = isThere || nowSeconds() - lastNewsAt(state) < keepSecondsOf(state)
    if (isStillShown && isWanted(source)) continue
    if (ledger.wasAskedSince(source, answer.question)) continue
    ledger.removeSource(source)
    log.info(`${name}: no longer reported, since ${isThere ? 'the settings leave it out' : goneWords}.`)
  }
}

const goneWords = 'neither a snapshot nor a policy of it has been left for long'

function keepSecondsOf({ lastAttempt, lastSuccessAt }: SourceState): number {
  return lastAttempt !== undefined && lastSuccessAt === undefined ? keepSeconds.neverGood : keepSeconds.gone
}

function lastNewsAt({ goneSince = 0, firstSeenAt, lastAttempt }: SourceState): number {
  return Math.max(goneSince, firstSeenAt, lastAttempt?.endedAt ?? 0)
}
