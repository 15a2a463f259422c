// Ledgers made for tests that show things: as many sources as wanted, in every state.

import type { Snapshot } from '../../agent/kopia/cli/snapshots.ts'
import type { Outcome } from '../../agent/kopia/runs/outcome.ts'
import type { Source } from '../../agent/kopia/source.ts'
import { createLedger, emptyLedger, type Ledger } from '../../agent/ledger/ledger.ts'
import { askedAt, makeSnapshot } from './snapshots.ts'

/** Unix seconds at which all that is made here is looked at. */
export const now = Date.parse('2026-11-24T12:00:00Z') / 1000
export const hour = 3600
export const day = 24 * hour

export type History = {
  readonly source: Source
  /** The age of the newest complete snapshot, in seconds; daily ones before it. */
  readonly lastSuccessAgo: number
  readonly snapshots: number
  /** What came after it, oldest first: the age of its end, and how it ended. */
  readonly later?: readonly (readonly [ago: number, outcome: Outcome])[]
}

/** A ledger in which each source has had daily backups and then what `later` says. */
export function ledgerOf(histories: readonly History[]): Ledger {
  const ledger = createLedger({ ...emptyLedger, begunAt: now - 365 * day })
  // Each daily, by the global policy.
  const policy = { target: '', intervalSeconds: day, minutesOfDay: [], cron: [], isManual: false }
  ledger.updateRepository({ policies: [policy] })
  for (const [index, { source, lastSuccessAgo, snapshots, later = [] }] of histories.entries()) {
    const held = Array.from({ length: snapshots }, (_, number) =>
      snapshotOf(source, index, number, now - lastSuccessAgo - (snapshots - 1 - number) * day),
    )
    ledger.addSource(source, now - hour)
    if (held.length > 0) ledger.addSnapshots(source, held, askedAt(now - lastSuccessAgo))
    for (const [ago, outcome] of later) {
      const errors = { fatal: outcome === 'failed' ? 2 : 0, ignored: 0 }
      const durationSeconds = 12 + index
      const startedAt = now - ago - durationSeconds
      ledger.addFinished(
        { source, outcome, startedAt, endedAt: now - ago, durationSeconds, errors },
        now - ago,
      )
    }
  }
  return ledger
}

/** Durations and sizes wander, so that charts show something; they are the same in every run. */
function snapshotOf(source: Source, index: number, number: number, endedAt: number): Snapshot {
  const wave = 1 + Math.sin(index * 1.7 + number) / 2
  return makeSnapshot({
    id: `${index}-${number}`,
    source,
    startedAt: endedAt - 60 * wave * (1 + (index % 7)),
    endedAt,
    sizeBytes: Math.round(3e9 * wave * (1 + (index % 5))),
    files: 1000 * (index + 1),
  })
}

/** `count` sources: one in 25 fails, one in 40 is overdue, one path is hostile. */
export function manyHistories(count: number): readonly History[] {
  return Array.from({ length: count }, (_, index) => ({
    source: {
      user: 'root',
      host: `server-${index % 12}`,
      path: index === 1 ? hostilePath : `/srv/data/${names[index % names.length]}/${index}`,
    },
    lastSuccessAgo: index % 40 === 2 ? 3 * day : (index % 20) * hour + 60,
    snapshots: 5 + (index % 30),
    ...(index % 25 === 0 && {
      later: [
        [90, 'failed'],
        [30, index % 50 === 0 ? 'failed' : 'incomplete'],
      ] as const,
    }),
  }))
}

const names = ['photos', 'mail', 'database', 'home/anna', 'a-rather-long-name-of-a-share-that-somebody-chose']

/** Markup, quotes, a line end, an escape sequence, a reversed reading direction, and wide characters. */
export const hostilePath = '/srv/<img src=x onerror=alert(1)>"\'&amp;\n\u001b[31m\u202e写真 é'
