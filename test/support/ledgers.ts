// Creates ledgers for tests of the displays, with any number of sources in every state.

import type { RepositoryStatus } from '../../agent/kopia/cli/client.ts'
import type { Snapshot } from '../../agent/kopia/cli/snapshots.ts'
import type { Outcome } from '../../agent/kopia/runs/outcome-kinds.ts'
import type { Source } from '../../agent/kopia/source.ts'
import { createLedger, emptyLedger, type Ledger } from '../../agent/ledger/ledger.ts'
import type { SourceState } from '../../agent/ledger/source-state.ts'
import { askedAt, makeSnapshot } from './snapshots.ts'

/** The time, in Unix seconds, to which the ages of these ledgers refer. */
export const now = Date.parse('2026-11-24T12:00:00Z') / 1000
export const hour = 3600
export const day = 24 * hour

export type History = {
  readonly source: Source
  /** The age of the newest complete snapshot, in seconds. Earlier ones are daily. */
  readonly lastSuccessAgo: number
  readonly snapshots: number
  /** The attempts after it, oldest first: the age of the end, and the outcome. */
  readonly later?: readonly (readonly [ago: number, outcome: Outcome])[]
}

/** Creates a ledger in which each source has daily backups, followed by the attempts in `later`. */
export function ledgerOf(histories: readonly History[]): Ledger {
  const ledger = createLedger({ ...emptyLedger, begunAt: now - 365 * day })
  // The global policy schedules every source daily.
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

/** Creates a snapshot whose duration and size vary, so that charts show a curve, but are the same in every run. */
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

/** Returns the histories of `count` sources: one in 25 fails, one in 40 is overdue, and one path is hostile. */
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

/** A message with markup, a line end and an escape sequence, as a ledger could hold it. */
export const hostileReason = 'Kopia ended with: <script>alert(1)</script>"\'&amp;\n\u001b[31m é'

/**
 * Creates a ledger with everything that can be wrong: sources that failed, whose success is unproven, and without snapshots,
 * a failed command, and another repository.
 */
export function troubledLedger(): Ledger {
  const pathOf = (path: string): Source => ({ user: 'root', host: 'server-0', path })
  const paths = ['/failed', '/unproven', '/gone', '/fine'] as const
  const healthy = ledgerOf(
    paths.map((path) => ({ source: pathOf(path), lastSuccessAgo: hour, snapshots: 3 })),
  )
  const durations = { startedAt: now - 95, endedAt: now - 90, durationSeconds: 5 }
  const failed = { source: pathOf('/failed'), outcome: 'failed', ...durations } as const
  healthy.addFinished({ ...failed, errors: { fatal: 2, ignored: 0 }, reason: hostileReason }, now)
  healthy.addCommand('snapshot verify', now - 60, hostileReason)
  const data = healthy.toData(new Map())
  const changed = (path: string, change: Partial<SourceState>) =>
    Object.entries(data.sources)
      .filter(([, state]) => state.source.path === path)
      .map(([name, state]) => [name, { ...state, ...change }] as const)
  return createLedger({
    ...data,
    sources: {
      ...data.sources,
      ...Object.fromEntries([
        ...changed('/unproven', { unproven: { since: now - 600, reason: 'flush error: disk full' } }),
        ...changed('/gone', { goneSince: now - 3 * hour }),
      ]),
    },
    repository: { ...data.repository, status: repositoryOf('ed00'), changedTo: repositoryOf('beef') },
  })
}

function repositoryOf(repositoryId: string): RepositoryStatus {
  return { repositoryId, user: 'root', host: 'server-0', storageType: 'filesystem', areActionsEnabled: true }
}

/** A path with markup, quotes, a line end, an escape sequence, a reversed reading direction, and wide characters. */
export const hostilePath = '/srv/<img src=x onerror=alert(1)>"\'&amp;\n\u001b[31m\u202e写真 é'
