// Makes reports for tests, from ledgers that are made from the agent's own functions, at a time that is handed in.

import type { RepositoryStatus } from '../../agent/kopia/cli/client.ts'
import type { Outcome } from '../../agent/kopia/runs/outcome-kinds.ts'
import type { Source } from '../../agent/kopia/source.ts'
import { createLedger, emptyLedger, type Ledger } from '../../agent/ledger/ledger.ts'
import { asOfOf, doubtsAbout } from '../../agent/report/doubts.ts'
import { type Report, reportOf } from '../../agent/report/report.ts'
import { statusOf } from '../../agent/status/status.ts'
import { defaultLimitSettings } from '../support/limits.ts'
import { askedAt, makeSnapshot } from '../support/snapshots.ts'

export const hour = 3600
export const day = 24 * hour
/** A Saturday at 13:00 in Berlin. */
export const now = Date.parse('2026-11-28T12:00:00Z') / 1000

export const repositoryStatus: RepositoryStatus = {
  repositoryId: 'ed00',
  user: 'root',
  host: 'nas',
  storageType: 'filesystem',
  areActionsEnabled: true,
}

export function sourceOf(path: string): Source {
  return { user: 'root', host: 'nas', path }
}

/** An attempt by its age in seconds; a success leaves a snapshot of this many bytes. */
export type Made = readonly [ago: number, outcome: Outcome, bytes?: number]

/** A ledger of an agent that began `begunAgo` seconds ago; each source has a daily schedule. */
export function ledgerOf(
  attempts: Readonly<Record<string, readonly Made[]>>,
  begunAgo = 365 * day,
  at = now,
): Ledger {
  const ledger = createLedger({ ...emptyLedger, begunAt: at - begunAgo, isPastRead: true })
  const policy = { target: '', intervalSeconds: day, minutesOfDay: [], cron: [], isManual: false }
  ledger.updateRepository({ status: repositoryStatus, policies: [policy] })
  for (const [path, made] of Object.entries(attempts)) {
    const source = sourceOf(path)
    ledger.addSource(source, at - begunAgo)
    const snapshots = made.flatMap(([ago, outcome, bytes = 1e9], number) =>
      outcome === 'success'
        ? [
            makeSnapshot({
              id: `${path}-${number}`,
              source,
              startedAt: at - ago - 60,
              endedAt: at - ago,
              sizeBytes: bytes,
              files: 10,
            }),
          ]
        : [],
    )
    for (const [number, [ago, outcome]] of made.entries()) {
      const [startedAt, endedAt] = [at - ago - 60, at - ago]
      const errors = { fatal: outcome === 'failed' ? 2 : 0, ignored: 0 }
      const found = outcome === 'success' ? { snapshotId: `${path}-${number}` } : {}
      ledger.addFinished(
        { source, outcome, startedAt, endedAt, durationSeconds: 60, errors, ...found },
        at - ago,
      )
    }
    ledger.addSnapshots(source, snapshots, askedAt(at))
  }
  ledger.noteUpToDate(at - 60)
  return ledger
}

type Changes = {
  readonly at?: number
  readonly sinceSeconds?: number
  readonly processId?: number | undefined
  readonly verify?: 'weekly'
  /** Starts of the attempts under way, by `user@host:path`. */
  readonly runningSince?: ReadonlyMap<string, number>
}

/** The report on the ledger, of a running agent unless told otherwise. */
export function reportOn(ledger: Ledger, changes: Changes = {}): Report {
  const { at = now, sinceSeconds = 7 * day, runningSince = new Map() } = changes
  const processId = 'processId' in changes ? changes.processId : 1
  const facts = { ledger, savedAt: at - 60, processId, refreshSchedule: '*/5 * * * *', nowSeconds: at }
  return reportOf({
    ledger,
    status: statusOf(ledger, defaultLimitSettings, runningSince, at),
    doubts: doubtsAbout(facts),
    asOf: asOfOf(facts),
    instance: 'nas',
    sinceSeconds,
  })
}

/** A success a day, the newest `hours` ago; each is a megabyte larger than the one before. */
export function daily(count: number, hours = 5): readonly Made[] {
  return Array.from({ length: count }, (_, index) => {
    const back = count - 1 - index
    return [back * day + hours * hour, 'success', 1e9 - back * 1e6] as const
  })
}
