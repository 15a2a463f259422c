// Which sources a run verifies, and in which order.

import type { SnapshotRoot } from '../kopia/cli/repository-reader.ts'
import { formatSource, type Source } from '../kopia/source.ts'
import type { SourceState } from '../ledger/source-state.ts'

export type Candidate = {
  readonly source: Source
  /** Undefined: the repository, read without a cache, lists no complete snapshot of it. */
  readonly root: SnapshotRoot | undefined
  readonly state: SourceState | undefined
}

/**
 * The sources that have, or should have, a complete snapshot; the one whose last verification is oldest comes first, so that all
 * get their turn even where a run never reaches its end.
 */
export function candidatesOf(
  roots: ReadonlyMap<string, SnapshotRoot>,
  states: ReadonlyMap<string, SourceState>,
  isWanted: (source: Source) => boolean,
): readonly Candidate[] {
  const known = [...states.values()].filter(({ held, goneSince }) => held?.newest && goneSince === undefined)
  const sources = new Map<string, Source>([
    ...known.map(({ source }) => [formatSource(source), source] as const),
    ...[...roots.values()].map(({ source }) => [formatSource(source), source] as const),
  ])
  return [...sources]
    .filter(([, source]) => isWanted(source))
    .map(([name, source]) => ({ source, root: roots.get(name), state: states.get(name) }))
    .toSorted((one, other) => lastAttemptAt(one) - lastAttemptAt(other))
}

function lastAttemptAt({ state }: Candidate): number {
  return state?.proof?.lastAttempt.endedAt ?? 0
}
