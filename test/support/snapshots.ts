// Creates answers of Kopia's `snapshot list` for unit tests.

import { bySource, type Snapshot } from '../../agent/kopia/cli/snapshots.ts'
import type { RepositoryAnswer } from '../../agent/kopia/runs/finished-attempt.ts'
import type { Question } from '../../agent/ledger/ledger.ts'

/** Creates a complete snapshot of one file, from second 10 to second 12, with the fields in `change`. */
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

/** Creates the answer of a repository that holds only these snapshots and ignores no identical ones. */
export function holding(...snapshots: readonly Snapshot[]): Extract<RepositoryAnswer, { kind: 'snapshots' }> {
  return {
    kind: 'snapshots',
    bySource: bySource(snapshots),
    ignoresIdentical: () => false,
    newestIdBefore: () => undefined,
  }
}

/** Creates a question of that time. Later questions have higher numbers. */
export function askedAt(seconds: number): Question {
  return { number: seconds, askedAt: seconds, answeredAt: seconds }
}
