// What the repository is asked about: as little as settles all that is due.

import type { Attempt } from '../kopia/runs/evidence.ts'
import type { EndedRun } from '../kopia/runs/run.ts'
import { formatSource, type Source } from '../kopia/source.ts'
import type { PendingItem } from './pending.ts'

/** The hook calls of a run name sources by their paths alone. */
export type Subject = { readonly attempts: readonly Attempt[]; readonly run?: EndedRun }

/** What the repository is asked about an item. */
export function subjectOf(item: PendingItem): Subject {
  return item.kind === 'run' ? subjectOfRun(item.run) : { attempts: [item.attempt] }
}

/** What the repository is asked about a run. */
export function subjectOfRun(run: EndedRun): Subject {
  return { attempts: run.evidence.attempts, run }
}

type SnapshotsNeeded =
  | { readonly kind: 'none' }
  | { readonly kind: 'all' }
  | { readonly kind: 'one source'; readonly source: Source }

/** The snapshots that settle all subjects: one source's where that is enough, since Kopia lists them faster. */
export function snapshotsNeeded(subjects: readonly Subject[]): SnapshotsNeeded {
  if (subjects.some(({ run }) => run !== undefined && mayConcernAny(run))) return { kind: 'all' }
  const attempts = subjects.flatMap((subject) => subject.attempts)
  const sources = new Map(attempts.map(({ source }) => [formatSource(source), source]))
  const [source, ...others] = [...sources.values()]
  if (source === undefined) return { kind: 'none' }
  return others.length > 0 ? { kind: 'all' } : { kind: 'one source', source }
}

/** Hooks name a source by its path alone, and an empty log, or one of level warning, names none. */
function mayConcernAny({ command, evidence, hookCalls, lastSettled }: EndedRun): boolean {
  const namesNone =
    evidence.attempts.length === 0 && lastSettled === undefined && evidence.repository === 'unknown'
  return hookCalls.length > 0 || (command === 'snapshot-create' && namesNone)
}
