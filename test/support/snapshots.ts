// What Kopia's `snapshot list` answers, made up for unit tests.

import { bySource, type Snapshot } from '../../agent/kopia/cli/snapshots.ts'
import type { RepositoryAnswer } from '../../agent/kopia/runs/outcome.ts'
import type { Question } from '../../agent/ledger/ledger.ts'

/** A complete snapshot of one file, from 10 to 12 seconds, with what `change` says. */
export function makeSnapshot(change: Partial<Snapshot> & Pick<Snapshot, 'source'>): Snapshot {
  return {
    id: 'a',
    startedAt: 10,
    endedAt: 12,
    incomplete: undefined,
    sizeBytes: 100,
    files: 1,
    directories: 1,
    changedFiles: 1,
    excludedFiles: 0,
    fatalErrors: 0,
    ignoredErrors: 0,
    retentionReasons: ['latest-1'],
    pins: [],
    ...change,
  }
}

/** The answer of a repository that holds just these, where every snapshot is saved. */
export function holding(...snapshots: readonly Snapshot[]): RepositoryAnswer {
  return { kind: 'snapshots', bySource: bySource(snapshots), ignoresIdentical: () => false }
}

/** A question of that time; later ones have higher numbers. */
export function askedAt(seconds: number): Question {
  return { number: seconds, askedAt: seconds }
}
