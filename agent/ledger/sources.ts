// The sources of the ledger: finished attempts and the repository's answers go in, one state per source comes out.

import type { Snapshot } from '../kopia/cli/snapshots.ts'
import { attemptOf, type FinishedAttempt } from '../kopia/runs/finished-attempt.ts'
import { formatSource, type Source } from '../kopia/source.ts'
import { unknownSnapshots } from './snapshot-history.ts'
import { newSource, type SourceState, withFinished, withSnapshots } from './source-state.ts'

/**
 * A question to Kopia that was answered; times in Unix seconds. Questions are numbered because the clock may be set back
 * between two of them.
 */
export type Question = { readonly number: number; readonly askedAt: number; readonly answeredAt: number }

export type Sources = {
  readonly states: ReadonlyMap<string, SourceState>
  /** Adds a source that is not known yet, with its counters at 0. */
  readonly addSource: (source: Source, nowSeconds: number) => void
  /** Removes a source that the repository does not have any more, or never had. */
  readonly removeSource: (source: Source) => void
  readonly addFinished: (finished: FinishedAttempt, nowSeconds: number) => void
  /**
   * Notes under which `user@host` this machine backed up the source, or that nothing has proved its last attempt since then,
   * which the next outcome takes back, or whether it can be read back. A source that is not known stays so.
   */
  readonly note: (
    source: Source,
    facts: Partial<Pick<SourceState, 'backedUpAs' | 'unproven' | 'proof'>>,
  ) => void
  /**
   * Adds the snapshots that the repository has of a source. An answer to an earlier question does not replace a later one's.
   * Returns the snapshots that no attempt explained.
   */
  readonly addSnapshots: (
    source: Source,
    snapshots: readonly Snapshot[],
    question: Question,
  ) => readonly Snapshot[]
  /** Whether the ledger has an answer for the source to a question that was asked after this one. */
  readonly wasAskedSince: (source: Source, question: Question) => boolean
}

type SourcesOptions = {
  /** When the agent first ran here, in Unix seconds. */
  readonly begunAt: () => number | undefined
  /** Decides by the end of an attempt (Unix seconds). */
  readonly isCounted: (endedAt: number) => boolean
}

/** Begins with the states of a saved ledger. */
export function createSources(
  saved: Readonly<Record<string, SourceState>>,
  { begunAt, isCounted }: SourcesOptions,
): Sources {
  const states = new Map(Object.entries(saved))
  /** The newest question that was answered, by source. Not saved: only this process's questions are numbered. */
  const answered = new Map<string, number>()

  function ensureSource(source: Source, nowSeconds: number): SourceState {
    const state = states.get(formatSource(source)) ?? newSource(source, nowSeconds)
    states.set(formatSource(source), state)
    return state
  }

  function addFinished(finished: FinishedAttempt, nowSeconds: number): void {
    const state = ensureSource(finished.source, nowSeconds)
    const counting = isCounted(finished.endedAt) ? 'counted' : 'not counted'
    states.set(formatSource(finished.source), withFinished(state, finished, counting, nowSeconds))
  }

  function addSnapshots(
    source: Source,
    snapshots: readonly Snapshot[],
    question: Question,
  ): readonly Snapshot[] {
    if (wasAskedSince(source, question)) return []
    const { askedAt, answeredAt } = question
    const state = ensureSource(source, askedAt)
    answered.set(formatSource(source), question.number)
    const found = unknownSnapshots(state, snapshots, answeredAt, begunAt() ?? answeredAt)
    states.set(formatSource(source), withSnapshots(state, snapshots, askedAt, found))
    for (const snapshot of found) {
      addFinished(attemptOf(snapshot), answeredAt)
      // Its log or its hooks may still report the same attempt, later.
      change(source, { foundSnapshotId: snapshot.id })
    }
    return found
  }

  function change(source: Source, fields: Partial<SourceState>): void {
    const state = states.get(formatSource(source))
    if (state !== undefined) states.set(formatSource(source), { ...state, ...fields })
  }

  const wasAskedSince = (source: Source, { number }: Question) =>
    (answered.get(formatSource(source)) ?? 0) > number

  return {
    states,
    addSource: (source, nowSeconds) => void ensureSource(source, nowSeconds),
    removeSource: (source) => {
      states.delete(formatSource(source))
      answered.delete(formatSource(source))
    },
    addFinished,
    note: change,
    addSnapshots,
    wasAskedSince,
  }
}
